// The audit trail, newest first. The filter is the page's address.

import { $, counted, element, fill, number, row } from "./dom.js";
import { call, desk, filterForm } from "./operators.js";

const MOST = 200;
const query = filterForm($("filter"), ["people", "text", "before"], { people: "true" }, () => refresh());
const refresh = desk(5000, async () => {
  const wanted = query();
  const people = wanted.get("people") ?? "true";
  const before = wanted.get("before") ?? "0";
  const { audit } = await call("GET", `/v1/operator/audit?limit=${MOST}&people=${people}&before=${encodeURIComponent(before)}`);
  const text = (wanted.get("text") ?? "").toLowerCase();
  const lines = audit.filter((line) => `${line.actor}\n${line.action}\n${line.subject}\n${line.detail ?? ""}`.toLowerCase().includes(text));
  $("count").textContent = text ? `${number.format(lines.length)} of these ${number.format(audit.length)} lines.` : `${counted(lines.length, "line")}.`;
  fill("audit", lines.map((line) => {
    const job = /^job (\d+)$/.exec(line.subject);
    return row([
      line.id, new Date(line.at).toLocaleString(), line.actor, line.action,
      job ? element("a", { href: `operator-jobs.html?job=${job[1]}` }, [line.subject]) : line.subject, line.detail,
    ]);
  }), "no-audit");
  const older = new URLSearchParams(wanted);
  if (audit.length === MOST) older.set("before", String(audit[audit.length - 1].id));
  $("older").replaceChildren(...(audit.length === MOST ? [element("a", { href: `operator-audit.html?${older}` }, ["Older ones"])] : []));
});
