// What people asked to be left out of releases. Everything they wrote is text.

import { button, element, fill, row } from "./dom.js";
import { call, confirm, desk, mayChange, say } from "./operators.js";

async function post(path, body) {
  try {
    await call("POST", path, body);
    await refresh();
  } catch (error) {
    say(error);
  }
}

function decide(wish, state, text) {
  return button(text, async () => {
    const reason = state === "denied"
      ? await confirm({ title: "Not leave it out?", text: `${wish.kind}: ${wish.value}`, ask: "Why: ", go: "Do not leave it out", keep: "Not yet" })
      : "";
    if (reason !== null) await post("/v1/operator/opt-outs", { kind: wish.kind, value: wish.value, state, reason: reason || null });
  }, { class: "small" });
}

const acts = (...buttons) => (mayChange ? element("span", { class: "acts" }, buttons) : "");

const refresh = desk(5000, async () => {
  const { optOuts, all } = await call("GET", "/v1/operator/opt-outs");
  const older = document.getElementById("older");
  older.hidden = all <= optOuts.length;
  older.textContent = `and ${(all - optOuts.length).toLocaleString()} older ones: tracker-server opt-out list`;
  const when = (wish) => new Date(wish.at).toLocaleString();
  fill("asked", optOuts.filter((wish) => wish.state === "asked").reverse().map((wish) => row([
    wish.kind, wish.value, wish.reason, wish.contact, when(wish), acts(decide(wish, "honoured", "Leave it out"), decide(wish, "denied", "Do not…")),
  ])), "no-asked");
  fill("decided", optOuts.filter((wish) => wish.state !== "asked").map((wish) => row([
    wish.state, wish.kind, wish.value, wish.reason, when(wish),
    acts(button("Forget it", () => post("/v1/operator/opt-outs/forget", { kind: wish.kind, value: wish.value }), { class: "small" })),
  ])), "no-decided");
});
