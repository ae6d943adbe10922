// What the operators' pages share: signing in, calling, asking before something is done.

import { $, counted, element, fresh } from "./dom.js";

const TOKEN = "gleaner.token";
const PAGES = [["operator.html", "Attention and leases"], ["operator-jobs.html", "Jobs"], ["operator-workers.html", "Workers"], ["operator-campaigns.html", "Campaigns"], ["operator-optouts.html", "Opt-outs"], ["operator-audit.html", "Audit"]];

export class Refused extends Error {}

/** Whether this person may change something; pages show no buttons to those who may not. */
export let mayChange = false;

export async function call(method, path, body) {
  const response = await fetch(path, {
    method,
    cache: "no-store",
    headers: { Authorization: `Bearer ${sessionStorage.getItem(TOKEN) ?? ""}`, "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const answer = await response.json().catch(() => ({}));
  if (response.status === 401) throw new Refused("This token is not known here.");
  if (response.status === 403 && method === "GET") throw new Refused(answer.detail ?? "This token does not allow that.");
  if (!response.ok) throw new Error(answer.detail ?? `The tracker answers with status ${response.status}.`);
  return answer;
}

export function say(error) {
  fresh(0, error.message);
}

function signInForm(start) {
  const token = element("input", { type: "password", autocomplete: "off", required: "" });
  const trouble = element("p", { class: "trouble", role: "alert" });
  const form = element("form", {}, [element("label", {}, ["Token of an operator or viewer ", token]), element("button", {}, ["Sign in"])]);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    sessionStorage.setItem(TOKEN, token.value.trim());
    token.value = "";
    trouble.textContent = "";
    start();
  });
  const section = element("section", { id: "sign-in", "aria-labelledby": "h-sign-in" }, [
    element("h2", { id: "h-sign-in" }, ["Sign in"]),
    form,
    trouble,
    element("p", { class: "empty" }, [
      "The first one lies in the file ", element("code", {}, ["operator.token"]), " of the tracker's data folder; ",
      element("code", {}, ["tracker-server key create"]), " makes others. It is kept until this tab is closed.",
    ]),
  ]);
  return { section, trouble };
}

function signedIn(person) {
  mayChange = person.role === "operator";
  document.body.classList.toggle("viewer", !mayChange);
  const out = element("button", { type: "button", class: "plain" }, ["Sign out"]);
  out.addEventListener("click", () => {
    sessionStorage.removeItem(TOKEN);
    location.reload();
  });
  const here = location.pathname.split("/").pop();
  $("desk-nav").replaceChildren(
    ...PAGES.map(([page, text]) => element("a", page === here ? { href: page, "aria-current": "page" } : { href: page }, [text])),
    element("span", { class: "quiet" }, [`${person.name}${mayChange ? "" : ", who may look only"}`]),
    out,
  );
}

/** Signs in, then asks again and again and says how old the answer is. @param {() => Promise<void>} ask @return asks at once */
export function desk(milliseconds, ask) {
  let timer = 0;
  let last = 0;
  let known = false;
  const { section, trouble } = signInForm(() => refresh());
  document.querySelector("main").prepend(section);
  async function refresh() {
    clearTimeout(timer);
    try {
      if (!known) {
        signedIn(await call("GET", "/v1/operator/me"));
        known = true;
      }
      await ask();
      section.hidden = true;
      $("desk").hidden = false;
      last = Date.now();
      fresh(last);
    } catch (error) {
      if (error instanceof Refused) {
        sessionStorage.removeItem(TOKEN);
        known = false;
        trouble.textContent = error.message;
        section.hidden = false;
        $("desk").hidden = true;
        return;
      }
      fresh(last, error instanceof TypeError ? "The tracker does not answer." : error.message);
    }
    timer = setTimeout(() => (document.hidden ? (timer = setTimeout(refresh, milliseconds)) : refresh()), milliseconds);
  }
  if (sessionStorage.getItem(TOKEN)) refresh();
  else section.hidden = false;
  return refresh;
}

/**
 * Asks before something is done. @param {{title: string, text: string, sample?: string[], ask?: string | null, go: string, keep: string, optional?: boolean}} what
 * @return {Promise<string | null>} the reason, or null
 */
export function confirm({ title, text, sample = [], ask = "Why, for the audit trail: ", go, keep, optional = false }) {
  const reason = element("input", { id: "reason", maxlength: "200", ...(optional ? {} : { required: "" }) });
  const dialog = element("dialog", { id: "confirm", "aria-labelledby": "h-confirm" }, [
    element("form", { method: "dialog" }, [
      element("h2", { id: "h-confirm" }, [title]),
      element("p", {}, [text]),
      ...(sample.length ? [element("ul", { class: "sample" }, sample.map((line) => element("li", {}, [line])))] : []),
      ...(ask === null ? [] : [element("label", {}, [ask, reason])]),
      element("menu", {}, [
        element("button", { value: "cancel", formnovalidate: "" }, [keep]),
        element("button", { value: "do", id: "do" }, [go]),
      ]),
    ]),
  ]);
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "do" ? reason.value : null);
    });
    dialog.showModal();
    if (ask !== null) reason.focus();
  });
}

/** Fills a form from the page's address, and makes the address when it is sent. */
export function filterForm(form, names, otherwise, changed) {
  const read = () => {
    const given = new URLSearchParams(location.search);
    for (const name of names) form.elements[name].value = given.get(name) ?? otherwise[name] ?? "";
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const search = new URLSearchParams();
    for (const name of names) if (form.elements[name].value.trim()) search.set(name, form.elements[name].value.trim());
    history.pushState(null, "", `?${search}`);
    changed();
  });
  addEventListener("popstate", () => {
    read();
    changed();
  });
  read();
  return () => {
    const given = new URLSearchParams(location.search);
    const wanted = new URLSearchParams();
    for (const name of names) if (given.get(name)) wanted.set(name, given.get(name));
    return wanted;
  };
}

/** Rows that can be chosen; those that are gone are chosen no more. */
export class Choice {
  #chosen = new Set();
  #shown = new Map();

  constructor(changed) {
    this.changed = changed;
  }

  /** @param {Map<string, object>} shown */
  show(shown) {
    this.#shown = shown;
    for (const key of [...this.#chosen]) if (!shown.has(key)) this.#chosen.delete(key);
    this.changed();
  }

  box(key, label) {
    const box = element("input", { type: "checkbox", "aria-label": label });
    box.checked = this.#chosen.has(key);
    box.addEventListener("change", () => {
      if (box.checked) this.#chosen.add(key);
      else this.#chosen.delete(key);
      this.changed();
    });
    return box;
  }

  all(yes) {
    this.#chosen = new Set(yes ? this.#shown.keys() : []);
    this.changed();
  }

  clear() {
    this.#chosen.clear();
  }

  get size() {
    return this.#chosen.size;
  }

  get isAll() {
    return this.#shown.size > 0 && this.#chosen.size === this.#shown.size;
  }

  values() {
    return [...this.#chosen].map((key) => this.#shown.get(key));
  }
}

export { counted };
