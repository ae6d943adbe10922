// What all pages share. Everything that comes from outside is set as text, never as markup.

export const number = new Intl.NumberFormat();
export const percent = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });

export const $ = (id) => document.getElementById(id);

/** @param {string} tag @param {Record<string, string>} [attributes] @param {(Node | string)[]} [children] */
export function element(tag, attributes = {}, children = []) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Replaces what a node holds; `emptyId` names what is shown when there is nothing. */
export function fill(id, nodes, emptyId) {
  $(id).replaceChildren(...nodes);
  if (emptyId) $(emptyId).hidden = nodes.length > 0;
}

/** A colour of the style sheet as a canvas knows it: light or dark is decided here. @param {string} name of a custom property */
export function color(name) {
  const probe = element("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

/** A row of a table; numbers stand to the right. @param {(Node | string | number | null | undefined)[]} cells */
export function row(cells, attributes = {}) {
  return element("tr", attributes, cells.map((cell) =>
    typeof cell === "number"
      ? element("td", { class: "n" }, [number.format(cell)])
      : element("td", cell instanceof Element && cell.classList.contains("num") ? { class: "n" } : {}, [cell ?? ""]),
  ));
}

/** @param {string} text @param {() => (void | Promise<void>)} act */
export function button(text, act, attributes = {}) {
  const made = element("button", { type: "button", ...attributes }, [text]);
  made.addEventListener("click", async () => {
    made.disabled = true;
    try {
      await act();
    } finally {
      made.disabled = false;
    }
  });
  return made;
}

/** Says it worked only when it did: without https a browser may not let a page write to the clipboard. */
export function copyButton(text) {
  const made = button("Copy", async () => {
    try {
      await navigator.clipboard.writeText(text());
      made.textContent = "Copied";
    } catch {
      made.textContent = "Select it and press Ctrl-C";
    }
    setTimeout(() => (made.textContent = "Copy"), 3000);
  });
  return made;
}

/** @param {number} n @param {string} one @param {string} [many] */
export function counted(n, one, many = `${one}s`) {
  return `${number.format(n)} ${n === 1 ? one : many}`;
}

/** @param {number} seconds */
export function duration(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${(seconds / 3600).toFixed(1)} h`;
  return `${Math.round(seconds / 86400)} days`;
}

/** @param {number} n */
export function bytes(n) {
  const units = ["B", "KB", "MB", "GB", "TB", "PB"];
  let i = 0;
  for (; n >= 1000 && i < units.length - 1; i++) n /= 1000;
  return `${n.toFixed(i && n < 100 ? 1 : 0)} ${units[i]}`;
}

/** A rate as people say it: by the second, or where that is too little, by the minute, hour or day. @param {number} perSecond */
export function rate(perSecond) {
  for (const [unit, seconds] of [["a second", 1], ["a minute", 60], ["an hour", 3600]]) {
    if (perSecond * seconds >= 1) {
      const n = perSecond * seconds;
      return `${n < 10 ? n.toFixed(1) : number.format(Math.round(n))} ${unit}`;
    }
  }
  return perSecond > 0 ? `${(perSecond * 86400).toFixed(1)} a day` : "none";
}

/** Shows how old the numbers are, in red when they are too old. @param {number} at @param {string} [trouble] */
export function fresh(at, trouble) {
  const node = $("fresh");
  node.className = trouble ? "stale" : "";
  const time = at ? new Date(at).toLocaleTimeString() : "";
  if (trouble) node.textContent = at ? `${trouble} These numbers are of ${time}.` : trouble;
  else node.textContent = `As of ${time}.`;
}

/** @param {string} path */
export async function get(path, how = {}) {
  const response = await fetch(path, { cache: "no-store", ...how });
  if (!response.ok) {
    const problem = await response.json().catch(() => ({}));
    throw new Error(problem.detail ?? `The tracker answers with status ${response.status}.`);
  }
  return response.json();
}

/** Asks again and again while the page is seen, and says when the tracker does not answer. @param {() => Promise<void>} ask */
export function every(milliseconds, ask) {
  let last = 0;
  let timer = 0;
  const again = async () => {
    clearTimeout(timer);
    if (!document.hidden) {
      try {
        await ask();
        last = Date.now();
        fresh(last);
      } catch (error) {
        fresh(last, error instanceof TypeError ? "The tracker does not answer." : error.message);
      }
    }
    timer = setTimeout(again, milliseconds);
  };
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) again();
  });
  again();
  return again;
}

/** The name of the campaign in the page's address, or the first one. */
export async function chosenCampaign() {
  const { campaigns } = await get("/v1/campaigns");
  const select = $("campaign");
  fill("campaign", campaigns.map((campaign) => element("option", { value: campaign.name }, [campaign.name])));
  const wanted = new URLSearchParams(location.search).get("campaign");
  if (campaigns.some((campaign) => campaign.name === wanted)) select.value = wanted;
  select.addEventListener("change", () => (location.search = `?campaign=${encodeURIComponent(select.value)}`));
  return campaigns.length ? select.value : null;
}

for (const link of document.querySelectorAll('body > nav[aria-label="Pages"] a')) {
  if (link.href.split("/").pop() === (location.pathname.split("/").pop() || "index.html")) link.setAttribute("aria-current", "page");
}
