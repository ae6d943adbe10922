// Who gives: the leaderboard, or with a name in the address one volunteer's page.

import { $, copyButton, counted, element, every, fill, get, number, row } from "./dom.js";

const address = new URLSearchParams(location.search);
const name = address.get("name");

async function leaders() {
  const by = address.get("by") ?? "person";
  const day = address.get("day") ?? "ever";
  const answer = await get(`/v1/leaders?by=${encodeURIComponent(by)}&day=${encodeURIComponent(day)}&limit=200`);
  for (const link of document.querySelectorAll("#choose a")) {
    if (link.getAttribute("href") === `volunteers.html?by=${by}&day=${day}`) link.setAttribute("aria-current", "page");
  }
  let place = 0;
  fill("leaders", answer.leaders.map((leader, i) => {
    // Who gave as much as the one before shares the place.
    if (!i || answer.leaders[i - 1].kept !== leader.kept) place = i + 1;
    const who = by === "person" ? element("a", { href: `volunteers.html?name=${encodeURIComponent(leader.name)}` }, [leader.name]) : leader.name;
    return row([place, who, leader.team, leader.machines, leader.accepted, leader.kept]);
  }), "no-leaders");
}

function calendar(days) {
  const known = new Map(days.map((day) => [day.day, day]));
  const most = Math.max(1, ...days.map((day) => day.kept));
  const cells = [];
  for (let ago = 83; ago >= 0; ago--) {
    const date = new Date(Date.now() - ago * 86400000).toISOString().slice(0, 10);
    const day = known.get(date);
    const text = day ? `${date}: ${counted(day.accepted, "result")}, ${counted(day.kept, "pair")}` : `${date}: nothing`;
    const cell = element("span", { title: text, "data-level": String(day?.accepted ? 1 + Math.floor((3 * day.kept) / most) : 0) });
    cells.push(cell);
  }
  return cells;
}

async function person() {
  const volunteer = await get(`/v1/volunteer?name=${encodeURIComponent(name)}`);
  $("sentence").textContent = `${counted(volunteer.kept, "pair")} in ${counted(volunteer.accepted, "accepted result")}, ${counted(volunteer.streakDays, "day")} in a row.`;
  const fact = ([title, value]) => element("div", {}, [element("dt", {}, [title]), element("dd", {}, [value])]);
  const judged = volunteer.accepted + volunteer.rejected;
  fill("facts", [
    ["Results accepted", number.format(volunteer.accepted)],
    ["Results rejected", number.format(volunteer.rejected)],
    ["Attempts failed or run out", number.format(volunteer.failed)],
    ["Accepted of those judged", judged ? `${((100 * volunteer.accepted) / judged).toFixed(1)} %` : "–"],
    ["Machines", number.format(volunteer.machines.length)],
    ["At work now", number.format(volunteer.machines.filter((machine) => machine.live > 0).length)],
  ].map(fact));
  fill("calendar", calendar(volunteer.days));
  fill("machines", volunteer.machines.map((machine) => row([
    element("code", {}, [machine.worker]), machine.team, machine.agent, new Date(machine.since).toLocaleDateString(),
    machine.banned ? "banned" : machine.live ? `on ${counted(machine.live, "job")}` : "idle",
    machine.accepted, machine.rejected, machine.failed, machine.kept,
  ])));
}

if (name === null) {
  $("board").hidden = false;
  every(10_000, leaders);
} else {
  document.title = `${name} · Gleaner`;
  $("title").textContent = name;
  $("person").hidden = false;
  const badge = `${location.origin}/v1/volunteer/badge.svg?name=${encodeURIComponent(name)}`;
  $("badge").src = badge;
  $("badge").alt = `Badge of ${name}`;
  const markup = `<a href="${location.href}"><img src="${badge}" alt="Gleaner"></a>`;
  $("badge-html").textContent = markup;
  $("badge-copy").append(copyButton(() => markup));
  every(10_000, person);
}
