// Progress for everybody: the tracker tells what happens (server-sent events), and this page draws it.

import { $, bytes, counted, duration, element, fill, fresh, get, number, percent, rate, row } from "./dom.js";
import { bars, timeChart } from "./charts.js";

const STATES = ["done", "leased", "open", "quarantined", "cancelled"];
const STALE_MS = 15_000;
const RARELY_MS = 10_000;
const SHOWN_RESULTS = 30;
const SPANS = { hour: "last hour", day: "last day", week: "last week", all: "since the start" };

const total = (status) => STATES.reduce((sum, state) => sum + status.jobs[state], 0);
const things = (status) => (status.stage === "FETCH" ? "pictures" : "pairs");

function ends(forecast) {
  if (forecast.state !== "running") {
    return { done: "done", paused: "paused", stalled: "stalled: no result for over a quarter of an hour", starting: "no result yet" }[forecast.state];
  }
  const earliest = Date.parse(forecast.earliest);
  const latest = Date.parse(forecast.latest);
  const middle = (earliest + latest) / 2;
  const left = (middle - Date.now()) / 1000;
  const spread = (latest - earliest) / 2000;
  if (left < 3600) {
    const [soonest, last] = [earliest, latest].map((end) => duration(Math.max(1, (end - Date.now()) / 1000)));
    return soonest === last ? `done in about ${last}` : `done in ${soonest} to ${last}`;
  }
  const when = new Date(middle).toLocaleString(undefined, left < 2 * 86400 ? { weekday: "short", hour: "2-digit", minute: "2-digit" } : { day: "numeric", month: "long", year: "numeric" });
  return `ends ${when} ± ${duration(spread)}`;
}

function sentence(overview) {
  const { campaigns, crowd } = overview;
  if (!campaigns.length) return `No campaign yet; ${counted(crowd.workers, "worker has", "workers have")} joined.`;
  const jobs = campaigns.reduce((sum, c) => sum + total(c.status), 0);
  const done = campaigns.reduce((sum, c) => sum + c.status.jobs.done, 0);
  const kept = campaigns.filter((c) => c.status.stage !== "FETCH");
  const pairs = kept.reduce((sum, c) => sum + c.status.accepted.kept, 0);
  const speed = kept.reduce((sum, c) => sum + c.minute.kept, 0);
  const running = campaigns.filter((c) => c.forecast.state !== "done");
  const end = running.length === 1 ? `, ${ends(running[0].forecast)}` : running.length ? "" : ", all done";
  const now = speed > 0 ? `, ${rate(speed)}` : "";
  return `${percent.format(jobs ? done / jobs : 0)} done, ${number.format(pairs)} pairs kept${now}, ${number.format(crowd.atWork)} of ${counted(crowd.workers, "worker")} at work${end}.`;
}

/** A campaign's card; made once, then given new numbers. */
function card(name) {
  const head = element("h2");
  const state = element("p", { class: "state" });
  const bar = element("div", { class: "bar", role: "img" });
  const key = element("ul", { class: "key" });
  const facts = element("dl", { class: "facts" });
  const plot = element("div", { class: "plot" });
  const chart = timeChart(plot);
  const span = element("select", { "aria-label": `Time of the plot of ${name}` }, Object.entries(SPANS).map(([value, text]) => element("option", { value }, [text])));
  span.value = "day";
  const what = element("select", { "aria-label": `What the plot of ${name} shows` }, ["kept", "jobs", "candidates", "bytes"].map((value) => element("option", { value }, [value])));
  const steps = element("div");
  const like = element("div", { class: "columns" });
  const details = element("details", {}, [element("summary", {}, ["What the pairs are like"]), like]);
  const campaign = encodeURIComponent(name);
  const root = element("section", { "data-campaign": name }, [
    head, state, bar, key, facts,
    element("p", { class: "tools" }, ["Per second: ", what, span]),
    plot,
    element("h3", {}, ["From links to pairs"]),
    steps,
    details,
    element("p", {}, [
      element("a", { href: `field.html?campaign=${campaign}` }, ["All its jobs as a picture"]), " · ",
      element("a", { href: `samples.html?campaign=${campaign}` }, ["Some of its pairs"]), " · ",
      element("a", { href: `/v1/campaigns/${campaign}/policy` }, ["Its rules (JSON)"]),
    ]),
  ]);
  const drawPlot = async () => chart.show(await get(`/v1/campaigns/${campaign}/series?span=${span.value}`), what.value, `${what.value} per second, ${SPANS[span.value]}`);
  const drawLike = async () => {
    const profile = await get(`/v1/campaigns/${campaign}/profile`);
    const by = (map) => Object.entries(map).sort((a, b) => b[1] - a[1]);
    const rising = (map) => Object.entries(map).sort((a, b) => Number(a[0]) - Number(b[0]));
    const part = (title, table) => element("div", {}, [element("h3", {}, [title]), table]);
    like.replaceChildren(
      part("Cosine similarity, from", bars(rising(profile.similarity), 101)),
      part("Language of the page", bars(by(profile.language))),
      part("Longer side, from", bars(rising(profile.size).map(([n, count]) => [`${number.format(Number(n))} px`, count]), 17)),
      part("Format", bars(by(profile.format))),
      part("Licence", bars(by(profile.license))),
    );
  };
  const rarely = () => {
    drawPlot().catch(() => {});
    if (details.open) drawLike().catch(() => {});
  };
  span.addEventListener("change", rarely);
  what.addEventListener("change", rarely);
  details.addEventListener("toggle", rarely);
  setInterval(() => document.hidden || rarely(), RARELY_MS);
  return {
    root,
    rarely,
    update({ status, minute, hour, day, forecast }) {
      head.textContent = status.name;
      state.textContent = `${ends(forecast)}${status.source ? ` · scores what ${status.source} fetches; its jobs come as those are handed in` : ""}`;
      state.className = forecast.state === "stalled" ? "state trouble" : "state";
      bar.setAttribute("aria-label", `Jobs: ${STATES.map((s) => `${number.format(status.jobs[s])} ${s}`).join(", ")}`);
      bar.replaceChildren(...STATES.map((s) => {
        const part = element("span", { class: s });
        part.style.flexGrow = String(status.jobs[s]);
        return part;
      }));
      key.replaceChildren(...STATES.map((s) => element("li", {}, [element("i", { class: s }), `${number.format(status.jobs[s])} ${s}`])));
      const all = total(status);
      const fact = ([title, value]) => element("div", {}, [element("dt", {}, [title]), element("dd", {}, [value])]);
      facts.replaceChildren(...[
        ["Done", percent.format(all ? status.jobs.done / all : 0)],
        ["Images seen", number.format(status.accepted.images)],
        ["Candidates", number.format(status.accepted.candidates)],
        [`${things(status)} kept`, number.format(status.accepted.kept)],
        [`${things(status)} now`, rate(minute.kept)],
        [`${things(status)}, mean of a day`, rate(day.kept)],
        ["Jobs in the last hour", rate(hour.jobs)],
        ["Fetched from the web", bytes(status.accepted.bytesFetched)],
        ["Stored", bytes(status.bytesStored)],
        ...(status.replication || status.confirming
          ? [["Of the work, spent on checking", percent.format(status.confirming / Math.max(1, status.jobs.done + status.confirming))]]
          : []),
      ].map(fact));
      steps.replaceChildren(funnel(status.accepted, things(status)));
    },
  };
}

function funnel(counts, kept) {
  const drops = (map) => Object.entries(map).sort((a, b) => b[1] - a[1]);
  const table = element("table", { class: "funnel" });
  const add = (kind, name, n) => {
    const meter = element("div");
    meter.style.width = `${counts.images ? (100 * n) / counts.images : 0}%`;
    table.append(element("tr", { class: kind }, [
      element("th", { scope: "row" }, [name]),
      element("td", { class: "n" }, [number.format(n)]),
      element("td", { class: "n quiet" }, [counts.images ? percent.format(n / counts.images) : ""]),
      element("td", { class: "meter" }, [meter]),
    ]));
  };
  add("", "images seen", counts.images);
  for (const [reason, n] of drops(counts.extractDrops)) add("drop", `– ${reason}`, n);
  add("", "candidates", counts.candidates);
  for (const [reason, n] of drops(counts.pairDrops)) add("drop", `– ${reason}`, n);
  add("kept", `${kept} kept`, counts.kept);
  return table;
}

const cards = new Map();
let lastGood = 0;

function drawOverview(overview) {
  lastGood = Date.now();
  $("sentence").textContent = sentence(overview);
  document.title = overview.campaigns.length ? `${$("sentence").textContent.split(",")[0]} · Gleaner` : "Gleaner";
  $("no-campaigns").hidden = overview.campaigns.length > 0;
  for (const now of overview.campaigns) {
    const name = now.status.name;
    if (!cards.has(name)) {
      const made = card(name);
      cards.set(name, made);
      $("campaigns").append(made.root);
      made.rarely();
    }
    cards.get(name).update(now);
  }
  fresh(lastGood);
}

function result(verdict) {
  return element("li", { class: verdict.outcome }, [
    element("time", { datetime: verdict.at }, [new Date(verdict.at).toLocaleTimeString()]),
    element("a", { href: `volunteers.html?name=${encodeURIComponent(verdict.nickname)}` }, [verdict.nickname]),
    ` handed in job ${verdict.job} of ${verdict.campaign}: ${number.format(verdict.kept)} of ${number.format(verdict.candidates)} kept, ${verdict.outcome}`,
  ]);
}

let results = [];
function drawResults() {
  if (!$("pause").checked) fill("recent", results.map(result), "no-recent");
}

async function drawVolunteers() {
  const { leaders } = await get("/v1/leaders?by=person&day=today&limit=10");
  fill("volunteers", leaders.map((leader) => row([
    element("a", { href: `volunteers.html?name=${encodeURIComponent(leader.name)}` }, [leader.name]),
    leader.team, leader.accepted, leader.kept,
  ])), "no-volunteers");
}

const events = new EventSource("/v1/events");
events.addEventListener("overview", (event) => drawOverview(JSON.parse(event.data)));
events.addEventListener("recent", (event) => {
  results = JSON.parse(event.data).results;
  drawResults();
});
events.addEventListener("results", (event) => {
  const news = JSON.parse(event.data);
  results = [...news.results.reverse(), ...results].slice(0, SHOWN_RESULTS);
  const more = news.count - news.results.length;
  $("rate-now").textContent = more > 0 ? `and ${number.format(more)} more at the same time` : "";
  drawResults();
});
setInterval(() => {
  if (Date.now() - lastGood > STALE_MS) fresh(lastGood, "The tracker does not answer.");
}, 1000);
$("pause").addEventListener("change", drawResults);
const volunteers = () => document.hidden || drawVolunteers().catch(() => {});
setInterval(volunteers, RARELY_MS);
volunteers();
