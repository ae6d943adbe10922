// The operators' page: live leases, what needs attention, and the remedy beside it. The filter is the page's address.

import { counted, duration, element, fill, number } from "./dom.js";

const EVERY_MS = 2000;
const TOKEN = "gleaner.token";
const FILTERS = ["silent", "stuck", "age", "campaign", "worker", "order"];

const $ = (id) => document.getElementById(id);
/** Leases that are shown, by job and token; those chosen stay chosen while they live. */
let shown = new Map();
const chosen = new Set();
let timer = 0;

class Refused extends Error {}

async function call(method, path, body) {
  const response = await fetch(path, {
    method,
    cache: "no-store",
    headers: { Authorization: `Bearer ${sessionStorage.getItem(TOKEN) ?? ""}`, "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const answer = await response.json().catch(() => ({}));
  if (response.status === 401) throw new Refused("This token is not known here.");
  if (response.status === 403) throw new Refused(answer.detail ?? "This token does not allow that.");
  if (!response.ok) throw new Error(answer.detail ?? `status ${response.status}`);
  return answer;
}

const key = (lease) => `${lease.job}/${lease.token}`;

function query() {
  const given = new URLSearchParams(location.search);
  const wanted = new URLSearchParams();
  for (const name of FILTERS) if (given.get(name)) wanted.set(name, given.get(name));
  wanted.set("limit", "500");
  return wanted;
}

function row(lease) {
  const box = element("input", { type: "checkbox", "aria-label": `Choose the lease of job ${lease.job}` });
  box.checked = chosen.has(key(lease));
  box.addEventListener("change", () => {
    if (box.checked) chosen.add(key(lease));
    else chosen.delete(key(lease));
    count();
  });
  const done = lease.candidates ? `${Math.floor((100 * lease.finished) / lease.candidates)} %` : "–";
  return element("tr", { "data-job": String(lease.job) }, [
    element("td", {}, [box]),
    ...[String(lease.job), lease.campaign, lease.nickname, lease.step || "–"].map((text) => element("td", {}, [text])),
    ...[done, duration(lease.ageSeconds), `${duration(lease.silentSeconds)} ago`, `${duration(lease.stuckSeconds)} ago`].map((text) =>
      element("td", { class: "n" }, [text]),
    ),
    element("td", {}, [element("code", {}, [lease.worker])]),
  ]);
}

let page = null;
function count() {
  for (const name of [...chosen]) if (!shown.has(name)) chosen.delete(name);
  const more = page.matched > page.leases.length ? `, the first ${number.format(page.leases.length)} are shown` : "";
  const silent = page.silent ? ` ${counted(page.silent, "tracker")} did not answer; the leases there are missing.` : "";
  $("count").textContent = `${number.format(page.matched)} of ${number.format(page.live)} live leases${more}.${silent}`;
  $("take").disabled = chosen.size === 0;
  $("take").textContent = chosen.size ? `Take ${number.format(chosen.size)} away…` : "Take away…";
  $("all").checked = shown.size > 0 && chosen.size === shown.size;
}

function drawLeases(leases) {
  page = leases;
  shown = new Map(leases.leases.map((lease) => [key(lease), lease]));
  const focused = document.activeElement?.closest?.("#leases tr")?.dataset.job;
  fill("leases", leases.leases.map(row), "no-leases");
  if (focused) document.querySelector(`#leases tr[data-job="${CSS.escape(focused)}"] input`)?.focus();
  count();
}

function attention(text, ...remedies) {
  return element("li", {}, [text, ...remedies]);
}

function link(text, search) {
  return element("a", { href: `operator.html?${search}` }, [text]);
}

function requeue(job) {
  const button = element("button", { type: "button" }, ["Open it again"]);
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await call("POST", `/v1/operator/jobs/${job.job}/requeue`, { reason: "opened again on the page" });
      refresh();
    } catch (error) {
      button.disabled = false;
      say(error);
    }
  });
  return button;
}

function drawAttention(silent, jobs, workers) {
  const items = [];
  if (silent.matched) {
    items.push(
      attention(
        `${counted(silent.matched, "lease has", "leases have")} had no heartbeat for over 60 s, the longest ${duration(silent.leases[0]?.silentSeconds ?? 0)}. `,
        link("Show them", "silent=60&order=silent"),
      ),
    );
  }
  for (const job of jobs) items.push(attention(`Job ${job.job} of ${job.campaign} is set aside: ${job.reason ?? "no reason"}. `, requeue(job)));
  for (const worker of workers) {
    if (worker.waiting) items.push(attention(`${worker.nickname} (${worker.worker}) waits to be let in: tracker-server worker admit ${worker.worker}`));
    for (const trouble of worker.troubles) {
      items.push(attention(`${worker.nickname} (${worker.worker}) has trouble with its network: ${trouble.kind.toLowerCase()}, ${trouble.percent} %. `, link("Its leases", `worker=${encodeURIComponent(worker.worker)}`)));
    }
  }
  fill("attention", items.slice(0, 100), "no-attention");
}

function say(error) {
  $("fresh").className = "stale";
  $("fresh").textContent = error.message;
}

function signedIn(yes) {
  $("sign-in").hidden = yes;
  $("desk").hidden = !yes;
  if (!yes) clearTimeout(timer);
}

async function refresh() {
  clearTimeout(timer);
  try {
    const [leases, silent, jobs, workers] = await Promise.all([
      call("GET", `/v1/operator/leases?${query()}`),
      call("GET", "/v1/operator/leases?silent=60&limit=1"),
      call("GET", "/v1/operator/jobs?state=quarantined&limit=20"),
      call("GET", "/v1/operator/workers"),
    ]);
    drawLeases(leases);
    drawAttention(silent, jobs.jobs, workers.workers);
    signedIn(true);
    $("fresh").className = "";
    $("fresh").textContent = `As of ${new Date().toLocaleTimeString()}.`;
  } catch (error) {
    if (error instanceof Refused) {
      sessionStorage.removeItem(TOKEN);
      $("sign-in-error").textContent = error.message;
      signedIn(false);
      return;
    }
    say(new Error(`These numbers are old: ${error.message}`));
  }
  timer = setTimeout(refresh, EVERY_MS);
}

async function takeAway(leases, reason) {
  try {
    const answer = await call("POST", "/v1/operator/leases/revoke", { leases, reason });
    const revoked = answer.leases.filter((lease) => lease.outcome === "revoked").length;
    chosen.clear();
    await refresh();
    $("count").textContent = `${counted(revoked, "lease was", "leases were")} taken away, ${number.format(leases.length - revoked)} had ended by themselves.`;
  } catch (error) {
    say(error);
  }
}

$("sign-in-form").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(TOKEN, $("token").value.trim());
  $("token").value = "";
  $("sign-in-error").textContent = "";
  refresh();
});
$("sign-out").addEventListener("click", () => {
  sessionStorage.removeItem(TOKEN);
  signedIn(false);
});
$("all").addEventListener("change", () => {
  for (const name of shown.keys()) {
    if ($("all").checked) chosen.add(name);
    else chosen.delete(name);
  }
  drawLeases(page);
});
$("take").addEventListener("click", () => {
  // Exactly these, whatever comes up while somebody thinks about it.
  const leases = [...chosen].map((name) => ({ job: shown.get(name).job, token: shown.get(name).token }));
  $("h-confirm").textContent = `Take ${counted(leases.length, "lease")} away?`;
  $("confirm").returnValue = "";
  $("confirm").addEventListener(
    "close",
    () => {
      if ($("confirm").returnValue === "do") takeAway(leases, $("reason").value);
    },
    { once: true },
  );
  $("confirm").showModal();
});
const form = $("filter");
for (const name of FILTERS) form.elements[name].value = new URLSearchParams(location.search).get(name) ?? (name === "order" ? "silent" : "");
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const search = new URLSearchParams();
  for (const name of FILTERS) if (form.elements[name].value.trim()) search.set(name, form.elements[name].value.trim());
  history.pushState(null, "", `?${search}`);
  refresh();
});
addEventListener("popstate", () => location.reload());

if (sessionStorage.getItem(TOKEN)) refresh();
