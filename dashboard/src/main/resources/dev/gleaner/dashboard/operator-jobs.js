// Jobs: searched, looked at with all their attempts, opened again or set aside. The filter is the page's address.

import { $, button, counted, duration, element, fill, number, row } from "./dom.js";
import { Choice, call, confirm, desk, filterForm, mayChange, say } from "./operators.js";

const FILTERS = ["campaign", "state", "wat", "reason", "after"];
const MOST = 200;
const MOST_COUNTED = 100_000;

const choice = new Choice(count);
const wantedJob = new URLSearchParams(location.search).get("job");
let page = { jobs: [], matched: 0 };

/** As the filter says it: an open job with a live attempt is leased. */
const state = (job) => (job.state === "open" && job.attempts.some((attempt) => attempt.endedAt === null) ? "leased" : job.state);

function count() {
  const matched = page.matched >= MOST_COUNTED ? `${number.format(MOST_COUNTED)} or more jobs match` : `${counted(page.matched, "job matches", "jobs match")}`;
  $("count").textContent = `${matched}; ${number.format(page.jobs.length)} are shown.`;
  for (const id of ["requeue", "quarantine"]) $(id).disabled = choice.size === 0 || !mayChange;
  $("all").checked = choice.isAll;
}

function draw() {
  choice.show(new Map(page.jobs.map((job) => [String(job.job), job])));
  fill("jobs", page.jobs.map((job) => row([
    choice.box(String(job.job), `Choose job ${job.job}`),
    element("a", { href: `operator-jobs.html?job=${job.job}` }, [String(job.job)]),
    job.campaign, job.wat, job.slice, `${state(job)}${job.reason ? `: ${job.reason}` : ""}`, job.attempts.length,
    job.attempts.length ? `${job.attempts[0].state} by ${job.attempts[0].nickname}` : "–",
  ], { "data-job": String(job.job) })), "no-jobs");
  const last = page.jobs[page.jobs.length - 1];
  const more = page.jobs.length === MOST && last;
  const next = query();
  if (more) next.set("after", String(last.job));
  $("next").replaceChildren(...(more ? [element("a", { href: `operator-jobs.html?${next}` }, ["The next ones"])] : []));
}

async function move(how, jobs) {
  const first = state(jobs[0]);
  if (jobs.some((job) => state(job) !== first)) {
    say(new Error("Choose jobs of one state; the filter can show only those."));
    return;
  }
  const opens = how === "requeue";
  const reason = await confirm({
    title: `${opens ? "Open" : "Set aside"} ${counted(jobs.length, "job")}${opens ? " again" : ""}?`,
    text: opens
      ? "They are offered to workers at once. A live lease is taken away; nobody pays for it."
      : "Nobody gets them until they are opened again. A live lease is taken away; nobody pays for it.",
    sample: jobs.slice(0, 10).map((job) => `job ${job.job} of ${job.campaign}, ${state(job)}`),
    go: opens ? "Open them again" : "Set them aside",
    keep: "Leave them",
  });
  if (reason === null) return;
  try {
    const answer = await call("POST", `/v1/operator/jobs/${how}`, { jobs: jobs.map((job) => job.job), state: first, reason });
    const done = answer.jobs.filter((job) => job.outcome === "done").length;
    choice.clear();
    await refresh();
    const told = `${counted(done, "job was", "jobs were")} ${opens ? "opened again" : "set aside"}, ${number.format(jobs.length - done)} had changed meanwhile.`;
    $(wantedJob ? "fresh" : "count").textContent = told;
  } catch (error) {
    say(error);
  }
}

const comparing = new Set();

function flat(manifest) {
  const rows = { bundle: manifest.bundle, precision: manifest.precision, "WAT bytes": manifest.watBytes, "digest of candidates": manifest.candidateDigest, seconds: manifest.seconds };
  for (const [name, value] of Object.entries(manifest.counts)) {
    if (value !== null && typeof value === "object") for (const [reason, n] of Object.entries(value)) rows[`${name}: ${reason}`] = n;
    else rows[name] = value;
  }
  for (const object of manifest.objects) rows[`object ${object.name}`] = `${object.rows} rows, ${object.bytes} bytes, ${object.sha256}`;
  return rows;
}

async function compare() {
  if (comparing.size !== 2) {
    $("compared").replaceChildren();
    return;
  }
  const [a, b] = [...comparing].sort((x, y) => x - y);
  try {
    const [left, right] = (await Promise.all([a, b].map((n) => call("GET", `/v1/operator/jobs/${wantedJob}/attempts/${n}`)))).map(flat);
    const names = [...new Set([...Object.keys(left), ...Object.keys(right)])];
    const text = (value) => (value === undefined ? "–" : String(value));
    const rows = names.map((name) => {
      const same = text(left[name]) === text(right[name]);
      return element("tr", { class: same ? "same" : "differs" }, [
        element("th", { scope: "row" }, [name]),
        ...[left, right].map((side) => element("td", { class: "n" }, [text(side[name])])),
        element("td", {}, [same ? "" : "differs"]),
      ]);
    });
    $("compared").replaceChildren(
      element("h3", {}, [`Attempt ${a} beside attempt ${b}: ${counted(rows.filter((r) => r.className === "differs").length, "difference")}`]),
      element("table", {}, rows),
    );
  } catch (error) {
    $("compared").replaceChildren(element("p", { class: "trouble" }, [error.message]));
  }
}

function drawOne(job) {
  document.title = `Job ${job.job} · Gleaner operators`;
  $("h-one").textContent = `Job ${job.job} of ${job.campaign}: ${state(job)}`;
  const fact = ([title, value]) => element("div", {}, [element("dt", {}, [title]), element("dd", { class: "small" }, [value])]);
  fill("facts", [["WAT", job.wat], ["Slice", job.slice], ["Failure points", `${job.points} of 4`], ["Reason", job.reason ?? "–"]].map(fact));
  fill("acts", mayChange ? [
    button("Open again…", () => move("requeue", [job])), " ",
    button("Set aside…", () => move("quarantine", [job])),
  ] : []);
  fill("attempts", job.attempts.map((attempt) => {
    const box = element("input", { type: "checkbox", "aria-label": `Compare attempt ${attempt.number}` });
    box.checked = comparing.has(attempt.number);
    box.addEventListener("change", () => {
      if (box.checked) comparing.add(attempt.number);
      else comparing.delete(attempt.number);
      compare();
    });
    const end = attempt.endedAt ? Date.parse(attempt.endedAt) : Date.now();
    return element("tr", {}, [
      element("td", {}, [box]),
      element("td", { class: "n" }, [String(attempt.number)]),
      element("td", {}, [element("a", { href: `operator-workers.html?worker=${encodeURIComponent(attempt.worker)}` }, [attempt.nickname])]),
      element("td", {}, [attempt.state]),
      element("td", {}, [attempt.detail ?? ""]),
      element("td", {}, [new Date(attempt.grantedAt).toLocaleString()]),
      element("td", { class: "n" }, [duration((end - Date.parse(attempt.grantedAt)) / 1000)]),
    ]);
  }), "no-attempts");
}

const query = filterForm($("filter"), FILTERS, {}, () => refresh());
$("list").hidden = wantedJob !== null;
$("one").hidden = wantedJob === null;
const refresh = desk(3000, async () => {
  if (wantedJob !== null) {
    drawOne(await call("GET", `/v1/operator/jobs/${encodeURIComponent(wantedJob)}`));
    return;
  }
  const wanted = query();
  wanted.set("limit", String(MOST));
  page = await call("GET", `/v1/operator/jobs?${wanted}`);
  draw();
});
$("all").addEventListener("change", () => {
  choice.all($("all").checked);
  draw();
});
$("requeue").addEventListener("click", () => move("requeue", choice.values()));
$("quarantine").addEventListener("click", () => move("quarantine", choice.values()));
