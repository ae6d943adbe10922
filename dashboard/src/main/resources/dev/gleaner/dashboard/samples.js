// Pairs that were accepted lately: text only, and blurred until somebody asks.

import { $, chosenCampaign, element, every, fill, get, number } from "./dom.js";

function sample(pair) {
  const host = (() => {
    try {
      return new URL(pair.url).host;
    } catch {
      return "";
    }
  })();
  const safe = /^https?:\/\//i.test(pair.url);
  return element("li", {}, [
    element("p", { class: "text" }, [pair.text]),
    element("p", { class: "quiet" }, [
      `similarity ${pair.similarity.toFixed(3)} · ${number.format(pair.width)} × ${number.format(pair.height)} · ${host}${pair.license ? ` · ${pair.license}` : ""}${pair.checked ? "" : " · not checked for safety"} `,
      ...(safe ? [element("a", { href: pair.url, target: "_blank", rel: "noopener noreferrer nofollow" }, ["Open the picture at its site"])] : []),
    ]),
  ]);
}

$("show").addEventListener("change", () => $("samples").classList.toggle("hidden-texts", !$("show").checked));
let campaign;
let before = "";
every(10_000, async () => {
  campaign ??= await chosenCampaign();
  const { samples } = campaign ? await get(`/v1/campaigns/${encodeURIComponent(campaign)}/samples`) : { samples: [] };
  const now = JSON.stringify(samples);
  if (now === before) return;
  before = now;
  fill("samples", samples.map(sample), "no-samples");
});
