// What needs attention, with the remedy beside it, and live leases. The filter is the page's address.

import { $, button, counted, duration, element, fill, number } from "./dom.js";
import { Choice, call, confirm, desk, filterForm, mayChange, say } from "./operators.js";

const EVERY_MS = 2000;
const FILTERS = ["silent", "stuck", "age", "campaign", "worker", "step", "order"];
const MOST = 500;

const key = (lease) => `${lease.job}/${lease.token}`;
const choice = new Choice(count);
let page = null;

function row(lease) {
  const done = lease.candidates ? `${Math.floor((100 * lease.finished) / lease.candidates)} %` : "–";
  const job = element("a", { href: `operator-jobs.html?job=${lease.job}` }, [String(lease.job)]);
  return element("tr", { "data-job": String(lease.job) }, [
    element("td", {}, [choice.box(key(lease), `Choose the lease of job ${lease.job}`)]),
    ...[job, lease.campaign, lease.nickname, lease.step || "–"].map((what) => element("td", {}, [what])),
    ...[done, duration(lease.ageSeconds), `${duration(lease.silentSeconds)} ago`, `${duration(lease.stuckSeconds)} ago`].map((text) =>
      element("td", { class: "n" }, [text]),
    ),
    element("td", {}, [element("code", {}, [lease.worker])]),
  ]);
}

function count() {
  if (!page) return;
  const more = page.matched > page.leases.length ? `, the first ${number.format(page.leases.length)} are shown` : "";
  const silent = page.silent ? ` ${counted(page.silent, "tracker")} did not answer; the leases there are missing.` : "";
  $("count").textContent = `${number.format(page.matched)} of ${number.format(page.live)} live leases${more}.${silent}`;
  $("take").disabled = choice.size === 0 || !mayChange;
  $("extend").disabled = $("take").disabled;
  $("take").textContent = choice.size ? `Take ${number.format(choice.size)} away…` : "Take away…";
  $("all").checked = choice.isAll;
}

function drawLeases(leases) {
  page = leases;
  choice.show(new Map(leases.leases.map((lease) => [key(lease), lease])));
  const focused = document.activeElement?.closest?.("#leases tr")?.dataset.job;
  fill("leases", leases.leases.map(row), "no-leases");
  if (focused) document.querySelector(`#leases tr[data-job="${CSS.escape(focused)}"] input`)?.focus();
}

function link(text, address) {
  return element("a", { href: address }, [text]);
}

/** What can be done about it, by its kind. */
function remedies(item) {
  const worker = encodeURIComponent(item.worker ?? "");
  const act = (text, path, body) => button(text, async () => {
    try {
      await call("POST", path, body);
      refresh();
    } catch (error) {
      say(error);
    }
  }, { class: "small" });
  switch (item.kind) {
    case "silent":
      return [link("Show them", "operator.html?silent=60&order=silent")];
    case "stuck":
      return [link("Show them", "operator.html?stuck=900&order=stuck")];
    case "stalled":
      return [link("Its leases", `operator.html?campaign=${encodeURIComponent(item.campaign)}`)];
    case "quarantine":
      return [link("Show them", `operator-jobs.html?state=quarantined&campaign=${encodeURIComponent(item.campaign)}`)];
    case "quarantined":
      return [
        link("Look at it", `operator-jobs.html?job=${item.job}`), " ",
        ...(mayChange ? [act("Open it again", `/v1/operator/jobs/${item.job}/requeue`, { reason: "opened again on the page" })] : []),
      ];
    case "waiting":
      return mayChange ? [act("Let it in", `/v1/operator/workers/${worker}/admit`, {})] : [];
    case "convicted":
      return [
        link("The worker", `operator-workers.html?worker=${worker}`), " ",
        ...(mayChange ? [act("Pardon it", `/v1/operator/workers/${worker}/pardon`, {})] : []),
      ];
    case "failing":
      return [link("The worker", `operator-workers.html?worker=${worker}`)];
    case "network":
      return [link("Its leases", `operator.html?worker=${worker}`)];
    case "version":
    case "versions":
      return [link("The workers", "operator-workers.html")];
    default:
      return [];
  }
}

function drawAttention(attention) {
  fill("attention", attention.items.map((item) => element("li", { class: item.level.toLowerCase(), "data-kind": item.kind }, [
    element("strong", {}, [{ URGENT: "Now: ", WARNING: "Soon: ", NOTE: "" }[item.level]]),
    `${item.text}. `, ...remedies(item),
  ])), "no-attention");
}

const query = filterForm($("filter"), FILTERS, { order: "silent" }, () => refresh());
const refresh = desk(EVERY_MS, async () => {
  const wanted = query();
  wanted.set("limit", String(MOST));
  const [leases, attention] = await Promise.all([call("GET", `/v1/operator/leases?${wanted}`), call("GET", "/v1/operator/attention")]);
  drawLeases(leases);
  drawAttention(attention);
});

$("all").addEventListener("change", () => {
  choice.all($("all").checked);
  drawLeases(page);
});
$("take").addEventListener("click", async () => {
  // Exactly these, whatever comes up while somebody thinks about it.
  const chosen = choice.values();
  const reason = await confirm({
    title: `Take ${counted(chosen.length, "lease")} away?`,
    text: "Their jobs go to other workers at once; nobody pays for it. What these workers have fetched so far is lost to the jobs.",
    sample: chosen.slice(0, 10).map((lease) => `job ${lease.job} of ${lease.nickname || lease.worker}, silent for ${duration(lease.silentSeconds)}`),
    go: "Take them away",
    keep: "Keep them",
  });
  if (reason === null) return;
  try {
    const leases = chosen.map(({ job, token }) => ({ job, token }));
    const answer = await call("POST", "/v1/operator/leases/revoke", { leases, reason });
    const revoked = answer.leases.filter((lease) => lease.outcome === "revoked").length;
    choice.clear();
    await refresh();
    $("count").textContent = `${counted(revoked, "lease was", "leases were")} taken away, ${number.format(leases.length - revoked)} had ended by themselves.`;
  } catch (error) {
    say(error);
  }
});
$("extend").addEventListener("click", async () => {
  const chosen = choice.values();
  const reason = await confirm({
    title: `Give ${counted(chosen.length, "lease")} an hour more?`,
    text: "For an hour from now neither silence nor standing still ends them. A worker that comes back meanwhile goes on.",
    sample: chosen.slice(0, 10).map((lease) => `job ${lease.job} of ${lease.nickname || lease.worker}, silent for ${duration(lease.silentSeconds)}`),
    go: "Give it",
    keep: "Leave them",
  });
  if (reason === null) return;
  try {
    const answer = await call("POST", "/v1/operator/leases/extend", { leases: chosen.map(({ job, token }) => ({ job, token })), seconds: 3600, reason });
    const extended = answer.leases.filter((lease) => lease.outcome === "extended").length;
    choice.clear();
    await refresh();
    $("count").textContent = `${counted(extended, "lease has", "leases have")} an hour more, ${number.format(chosen.length - extended)} had ended by themselves.`;
  } catch (error) {
    say(error);
  }
});
