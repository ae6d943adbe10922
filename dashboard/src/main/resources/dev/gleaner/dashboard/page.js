// The progress page: asks the tracker for its status every two seconds and draws it. Everything from outside is set as text.

import { element, fill, number } from "./dom.js";

const EVERY_MS = 2000;
const STATES = ["done", "leased", "open", "quarantined", "cancelled"];
const percent = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });

const bytes = (n) => {
  const units = ["B", "KB", "MB", "GB", "TB", "PB"];
  let i = 0;
  for (; n >= 1000 && i < units.length - 1; i++) n /= 1000;
  return `${n.toFixed(i && n < 100 ? 1 : 0)} ${units[i]}`;
};

/** Pairs a second between the first and the last status of the past minute, by campaign. */
const history = [];
function rate(name) {
  const first = history[0];
  const last = history[history.length - 1];
  if (!first || last.at - first.at < EVERY_MS) return null;
  const kept = (status) => status.campaigns.find((c) => c.name === name)?.accepted.kept ?? 0;
  return (kept(last.status) - kept(first.status)) / ((last.at - first.at) / 1000);
}

function total(campaign) {
  return STATES.reduce((sum, state) => sum + campaign.jobs[state], 0);
}

function sentence(status) {
  if (!status.campaigns.length) return "No campaign yet. An operator starts one with: tracker-server campaign create";
  const jobs = status.campaigns.reduce((sum, c) => sum + total(c), 0);
  const done = status.campaigns.reduce((sum, c) => sum + c.jobs.done, 0);
  const pairs = status.campaigns.reduce((sum, c) => sum + (c.stage === "FETCH" ? 0 : c.accepted.kept), 0);
  const working = status.workers.filter((w) => w.live > 0).length;
  return `${percent.format(jobs ? done / jobs : 0)} done, ${number.format(pairs)} pairs kept, ${number.format(working)} of ${number.format(status.workers.length)} workers at work.`;
}

function campaignCard(campaign) {
  const jobs = total(campaign);
  const bar = element("div", { class: "bar", role: "img", "aria-label": STATES.map((s) => `${campaign.jobs[s]} ${s}`).join(", ") });
  const key = element("ul", { class: "key" });
  for (const state of STATES) {
    const part = element("span", { class: state });
    part.style.flexGrow = String(campaign.jobs[state]);
    bar.append(part);
    key.append(element("li", {}, [element("i", { class: state }), `${number.format(campaign.jobs[state])} ${state}`]));
  }
  const things = campaign.stage === "FETCH" ? "Pictures" : "Pairs";
  const speed = rate(campaign.name);
  const facts = element("dl", { class: "facts" });
  for (const [name, value] of [
    ["Jobs", number.format(jobs)],
    ["Images seen", number.format(campaign.accepted.images)],
    ["Candidates", number.format(campaign.accepted.candidates)],
    [`${things} kept`, number.format(campaign.accepted.kept)],
    [`${things} a second, last minute`, speed === null ? "–" : speed.toFixed(1)],
    ["Stored", bytes(campaign.bytesStored)],
    ["Fetched", bytes(campaign.accepted.bytesFetched)],
  ]) {
    facts.append(element("div", {}, [element("dt", {}, [name]), element("dd", {}, [value])]));
  }
  return element("section", {}, [
    element("h2", {}, [`${campaign.name}${campaign.state === "paused" ? " (paused)" : ""}`]),
    ...(campaign.source ? [element("p", {}, [`Scores what ${campaign.source} fetches; its jobs come as those are handed in.`])] : []),
    bar,
    key,
    facts,
    funnel(campaign.accepted, things.toLowerCase()),
  ]);
}

function funnel(counts, things) {
  const drops = (map) => Object.entries(map).sort((a, b) => b[1] - a[1]);
  const rows = [
    ["", "images seen", counts.images],
    ...drops(counts.extractDrops).map(([reason, n]) => ["drop", `– ${reason}`, n]),
    ["", "candidates", counts.candidates],
    ...drops(counts.pairDrops).map(([reason, n]) => ["drop", `– ${reason}`, n]),
    ["kept", `${things} kept`, counts.kept],
  ];
  const table = element("table", { class: "funnel" });
  for (const [kind, name, n] of rows) {
    const meter = element("div");
    meter.style.width = `${counts.images ? (100 * n) / counts.images : 0}%`;
    table.append(element("tr", { class: kind }, [
      element("td", {}, [name]),
      element("td", { class: "n" }, [number.format(n)]),
      element("td", { class: "meter" }, [meter]),
    ]));
  }
  return table;
}

const TROUBLES = {
  RESOLVER: "of name lookups go unanswered",
  CONNECTIONS: "of connections fail",
  LINK: "of pictures come too late",
};

function volunteer(worker) {
  const troubles = worker.troubles.map((t) => `${t.percent} % ${TROUBLES[t.kind] ?? t.kind}`).join(", ");
  return element("tr", {}, [
    element("td", {}, [worker.nickname, ...(troubles ? [element("small", { class: "trouble" }, [` its network: ${troubles}`])] : [])]),
    element("td", {}, [worker.team ?? ""]),
    ...[worker.live, worker.accepted, worker.kept].map((n) => element("td", { class: "n" }, [number.format(n)])),
  ]);
}

function result(verdict) {
  return element("li", { class: verdict.outcome }, [
    element("time", { datetime: verdict.at }, [new Date(verdict.at).toLocaleTimeString()]),
    `${verdict.nickname} handed in job ${verdict.job}: ${number.format(verdict.kept)} of ${number.format(verdict.candidates)} kept, ${verdict.outcome}`,
  ]);
}

function draw(status) {
  document.getElementById("sentence").textContent = sentence(status);
  fill("campaigns", status.campaigns.map(campaignCard));
  fill("volunteers", status.workers.map(volunteer), "no-volunteers");
  fill("recent", status.recent.map(result), "no-recent");
}

let lastGood = 0;
async function refresh() {
  const fresh = document.getElementById("fresh");
  try {
    const response = await fetch("/v1/status", { cache: "no-store" });
    if (!response.ok) throw new Error(`status ${response.status}`);
    const status = await response.json();
    lastGood = Date.now();
    history.push({ at: lastGood, status });
    while (lastGood - history[0].at > 60_000) history.shift();
    draw(status);
    fresh.className = "";
    fresh.textContent = `As of ${new Date(lastGood).toLocaleTimeString()}.`;
  } catch (error) {
    fresh.className = "stale";
    fresh.textContent = lastGood
      ? `The tracker does not answer; these numbers are of ${new Date(lastGood).toLocaleTimeString()}.`
      : "The tracker does not answer.";
  }
  setTimeout(refresh, EVERY_MS);
}

document.getElementById("join").textContent = `java -jar worker-agent.jar run --tracker ${location.origin} --name YOUR-NAME`;
refresh();
