// Workers: what they gave and cost, and a word to them. The filter is the page's address.

import { $, button, counted, element, fill, get, number, percent, row } from "./dom.js";
import { call, confirm, desk, filterForm, mayChange, say } from "./operators.js";

const MOST = 300;
const TROUBLES = { RESOLVER: "of name lookups go unanswered", CONNECTIONS: "of connections fail", LINK: "of pictures come too late" };
const DIRECTIVES = { PAUSE: "paused", DRAIN: "finishing, then stops", UPDATE: "finishing, then stops to be updated" };

function now(worker) {
  const said = [];
  if (worker.banned) said.push("banned");
  if (worker.convicted) said.push("found out: gets no job");
  if (worker.waiting) said.push("waits to be let in");
  if (worker.directive !== "NONE") said.push(DIRECTIVES[worker.directive] ?? worker.directive);
  if (worker.live) said.push(`on ${counted(worker.live, "job")}`);
  for (const trouble of worker.troubles) said.push(`${trouble.percent} % ${TROUBLES[trouble.kind] ?? trouble.kind}`);
  if (worker.message) said.push(`told: «${worker.message}»`);
  return said.join("; ") || "idle";
}

function act(text, worker, path, question, body = () => ({})) {
  return button(text, async () => {
    const reason = question ? await confirm(question) : "";
    if (reason === null) return;
    try {
      await call("POST", `/v1/operator/workers/${encodeURIComponent(worker.worker)}/${path}`, body(reason));
      await refresh();
    } catch (error) {
      say(error);
    }
  }, { class: "small" });
}

function direct(text, worker, directive, title, explanation) {
  return act(text, worker, "direct", {
    title, text: explanation, ask: "What its volunteer is told, if anything: ", go: text, keep: "Leave it", optional: true,
  }, (message) => ({ directive, message: message || null }));
}

function acts(worker) {
  if (!mayChange) return "";
  const who = `${worker.nickname} (${worker.worker})`;
  return element("span", { class: "acts" }, [
    ...(worker.waiting ? [act("Let in", worker, "admit", null)] : []),
    worker.convicted
      ? act("Pardon", worker, "pardon", { title: `Pardon ${who}?`, text: "Its results that were taken back count again where nobody has done their jobs meanwhile, and it may ask for jobs again.", ask: null, go: "Pardon it", keep: "Leave it" })
      : act("Take back", worker, "convict", { title: `Take back what ${who} gave?`, text: `All its results for which nobody else stands count no more and their jobs go out again; it gets no other job. «Pardon» undoes this as far as nobody has done the jobs meanwhile.`, ask: null, go: "Take it back", keep: "Leave it" }),
    ...(worker.directive === "NONE"
      ? [
          direct("Pause", worker, "PAUSE", `Pause ${who}?`, "It keeps what it has leased and asks for no more until you let it go on."),
          direct("Drain", worker, "DRAIN", `Let ${who} finish and stop?`, "It finishes what it has leased, then its program ends."),
        ]
      : []),
    direct(worker.directive === "NONE" ? "Tell" : "Let go on", worker, "NONE", `A word to ${who}`, "It works on as it does; its volunteer sees the words, until you say others."),
    worker.banned
      ? act("Let back in", worker, "unban", { title: `Let ${who} back in?`, text: "It may ask for jobs again.", ask: null, go: "Let it back in", keep: "Leave it banned" })
      : act("Ban", worker, "ban", { title: `Ban ${who}?`, text: `Its ${counted(worker.live, "live lease is", "live leases are")} taken away and it gets no more. What it has given stays. «Let back in» undoes this.`, ask: null, go: "Ban it", keep: "Leave it" }),
  ]);
}

const query = filterForm($("filter"), ["text", "state", "order"], { order: "kept" }, () => refresh());
const wanted = new URLSearchParams(location.search).get("worker");
$("one").hidden = wanted === null;
$("list").hidden = wanted !== null;

function drawOne({ worker, capabilities, registeredAt, days }) {
  document.title = `${worker.nickname} · Gleaner operators`;
  $("h-one").textContent = `${worker.nickname}${worker.team ? ` of ${worker.team}` : ""} (${worker.worker})`;
  const fact = ([title, value]) => element("div", {}, [element("dt", {}, [title]), element("dd", { class: "small" }, [value])]);
  fill("machine", [
    ["Program", worker.agent], ["Since", new Date(registeredAt).toLocaleString()],
    ["System", capabilities.os], ["Processors", number.format(capabilities.cpus)],
    ["Memory", `${number.format(capabilities.memoryMiB)} MiB`], ["Runs models on", (capabilities.providers ?? []).join(", ")],
    ["Allowance", `${(worker.standing / 10).toFixed(1)} % of the full one`], ["Accepted in a row", number.format(worker.streak)],
    ["Confirmed by others in a row", number.format(worker.proven)], ["Suspicion", number.format(worker.suspicion)],
  ].map(fact));
  $("now").textContent = `Now: ${now(worker)}.`;
  fill("acts", [acts(worker)]);
  fill("days", days.reverse().map((day) => row([day.day, day.accepted, day.rejected, day.failed, day.kept])), "no-days");
  $("its-leases").href = `operator.html?worker=${encodeURIComponent(worker.worker)}`;
}

const refresh = desk(5000, async () => {
  if (wanted !== null) {
    drawOne(await call("GET", `/v1/operator/workers/${encodeURIComponent(wanted)}`));
    return;
  }
  const filter = query();
  filter.set("limit", String(MOST));
  const { workers, matched, all } = await call("GET", `/v1/operator/workers?${filter}`);
  fill("versions", (await get("/v1/versions")).versions.map((version) => {
    const bad = version.rejected + version.failed;
    const ended = bad + version.accepted;
    const share = element("span", { class: bad / ended > 0.2 ? "num trouble" : "num" }, [ended ? percent.format(bad / ended) : "–"]);
    return row([version.agent, version.atWork, version.accepted, version.rejected, version.failed, share]);
  }), "no-versions");
  $("count").textContent = `${number.format(matched)} of ${counted(all, "worker")}${matched > workers.length ? `, the first ${number.format(workers.length)} are shown` : ""}.`;
  if (document.activeElement?.closest?.("#workers")) return; // Not under somebody's finger.
  fill("workers", workers.map((worker) => row([
    element("a", { href: `volunteers.html?name=${encodeURIComponent(worker.nickname)}` }, [worker.nickname]),
    worker.team,
    element("a", { href: `operator-workers.html?worker=${encodeURIComponent(worker.worker)}` }, [element("code", {}, [worker.worker])]),
    worker.agent, now(worker), worker.accepted, worker.rejected, worker.failed, worker.kept,
    element("span", { class: "num", title: "share of the full daily allowance" }, [`${(worker.standing / 10).toFixed(1)} %`]),
    acts(worker),
  ], { "data-worker": worker.worker })), "no-workers");
});
