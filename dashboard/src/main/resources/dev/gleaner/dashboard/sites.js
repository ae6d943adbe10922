// A site's owner sees how it stands, proves to be the owner by a TXT record, and makes everybody stay away.

import { $, button, copyButton, counted, element, get } from "./dom.js";

const form = $("stop");

function gathered({ kept, lastKept, site }) {
  return element("p", {}, [kept
    ? `${counted(kept, "picture")} of ${site} and the names below it ${kept === 1 ? "was" : "were"} looked at and noted so far, the last ${new Date(lastKept).toLocaleString()}. Pictures that were looked at and dropped are not counted.`
    : `Nothing of ${site} has been noted so far.`]);
}

function draw(standing, trouble) {
  if (standing.stopped) {
    $("standing").replaceChildren(element("p", {}, [
      element("strong", {}, [`Nobody goes to ${standing.site} any more`]),
      `, since ${new Date(standing.since).toLocaleString()}. The record is needed no more.`,
    ]), gathered(standing));
    return;
  }
  const line = `${standing.record}. IN TXT "${standing.value}"`;
  $("standing").replaceChildren(
    gathered(standing),
    element("p", {}, [`${standing.site} is visited when a list of links names it. To end that, set this record in its DNS:`]),
    element("pre", { tabindex: "0", "aria-label": "The record" }, [line]),
    element("p", {}, [
      copyButton(() => line), " ",
      button("It is set: stop now", async () => {
        try {
          const response = await fetch("/v1/sites/stop", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ site: standing.site }) });
          const answer = await response.json();
          if (response.ok) draw(answer);
          else draw(standing, answer.detail);
        } catch {
          draw(standing, "The tracker does not answer.");
        }
      }),
    ]),
    ...(trouble ? [element("p", { class: "trouble", role: "alert" }, [trouble])] : []),
  );
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    draw(await get(`/v1/sites/stop?site=${encodeURIComponent(form.elements.site.value.trim())}`));
  } catch (error) {
    $("standing").replaceChildren(element("p", { class: "trouble", role: "alert" }, [error instanceof TypeError ? "The tracker does not answer." : error.message]));
  }
});

const wish = $("opt-out");
wish.addEventListener("submit", async (event) => {
  event.preventDefault();
  const answer = $("opt-out-answer");
  const text = (name) => wish.elements[name].value.trim() || null;
  try {
    const response = await fetch("/v1/opt-outs", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ kind: wish.elements.kind.value, value: text("value") ?? "", reason: text("reason"), contact: text("contact") }),
    });
    const said = response.ok ? null : (await response.json()).detail;
    answer.className = said ? "trouble" : "";
    answer.textContent = said ?? "Thank you. A person will look at it.";
    if (!said) wish.reset();
  } catch {
    answer.className = "trouble";
    answer.textContent = "The tracker does not answer.";
  }
});

// Who comes from a pair that was found need not type its address.
const asked = new URLSearchParams(location.search);
for (const name of ["kind", "value"]) if (asked.get(name)) wish.elements[name].value = asked.get(name);
