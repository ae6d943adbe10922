// Campaigns: what they are, pausing them, making one.

import { $, button, counted, element, fill, get, number, row } from "./dom.js";
import { call, confirm, desk, mayChange, say } from "./operators.js";

const form = $("new");
const STAGES = { WHOLE: "everything", FETCH: "fetch", SCORE: "score" };

/** Changed by typing it: what it was stays in sight until the tracker has said yes. */
function priority(campaign) {
  const input = element("input", { type: "number", class: "num", min: "-100", max: "100", value: String(campaign.priority), "aria-label": `Priority of ${campaign.name}` });
  input.addEventListener("change", async () => {
    try {
      await call("POST", `/v1/operator/campaigns/${encodeURIComponent(campaign.name)}/priority`, { priority: Number(input.value) });
      input.blur();
      await refresh();
    } catch (error) {
      input.value = String(campaign.priority);
      say(error);
    }
  });
  return input;
}

let known = [];

function draw() {
  if (document.activeElement?.matches?.("#campaigns input")) return; // Not under somebody's finger.
  fill("campaigns", known.map((campaign) => {
    const paused = campaign.state === "paused";
    const act = button(paused ? "Let go on" : "Pause…", async () => {
      if (!paused) {
        const sure = await confirm({
          title: `Pause ${campaign.name}?`,
          text: `Its ${counted(campaign.jobs.open, "open job goes", "open jobs go")} to nobody until you let it go on. The ${counted(campaign.jobs.leased, "leased one is", "leased ones are")} finished.`,
          ask: null, go: "Pause it", keep: "Leave it",
        });
        if (sure === null) return;
      }
      try {
        await call("POST", `/v1/operator/campaigns/${encodeURIComponent(campaign.name)}/${paused ? "resume" : "pause"}`, {});
        await refresh();
      } catch (error) {
        say(error);
      }
    }, { class: "small" });
    const jobs = (state, n) => element("a", { class: "num", href: `operator-jobs.html?campaign=${encodeURIComponent(campaign.name)}&state=${state}` }, [number.format(n)]);
    return row([
      element("a", { href: `field.html?campaign=${encodeURIComponent(campaign.name)}` }, [campaign.name]),
      campaign.state, `${STAGES[campaign.stage]}${campaign.source ? ` what ${campaign.source} fetches` : ""}`,
      campaign.wats, campaign.slices, campaign.threshold,
      jobs("open", campaign.jobs.open), jobs("leased", campaign.jobs.leased), jobs("done", campaign.jobs.done), jobs("quarantined", campaign.jobs.quarantined),
      mayChange ? priority(campaign) : campaign.priority,
      mayChange ? button(`Version ${campaign.policyVersion}…`, () => changeRules(campaign), { class: "small", "aria-label": `Rules of ${campaign.name}, version ${campaign.policyVersion}…` }) : campaign.policyVersion,
      mayChange && (paused || campaign.state === "active") ? act : "",
    ], { "data-campaign": campaign.name });
  }), "no-campaigns");
}

/** The rules as JSON, for whoever knows what they do; the tracker says what is wrong with them. */
async function changeRules(campaign) {
  let latest;
  try {
    latest = (await get(`/v1/campaigns/${encodeURIComponent(campaign.name)}/policies`)).policies[0];
  } catch (error) {
    say(error);
    return;
  }
  const text = element("textarea", { id: "rules", rows: "16", spellcheck: "false", "aria-label": "Rules as JSON" });
  text.value = JSON.stringify(latest.policy, null, 2);
  const reason = element("input", { id: "rules-reason", maxlength: "200", required: "" });
  const trouble = element("p", { class: "trouble", role: "alert" });
  const form = element("form", { method: "dialog" }, [
    element("h2", { id: "h-rules" }, [`Rules of ${campaign.name}, version ${latest.version}`]),
    element("p", {}, ["Jobs that somebody has had keep the rules they had, so that all attempts at a job can be compared; the ",
      `${counted(campaign.jobs.open, "open job")} that nobody has had yet get these.`]),
    text,
    element("label", {}, ["Why, for everybody: ", reason]),
    trouble,
    element("menu", {}, [
      element("button", { value: "cancel", formnovalidate: "" }, ["Leave them"]),
      element("button", { value: "do", id: "rules-do" }, [`Make version ${latest.version + 1}`]),
    ]),
  ]);
  const dialog = element("dialog", { "aria-labelledby": "h-rules", class: "wide" }, [form]);
  form.addEventListener("submit", async (event) => {
    if (event.submitter?.value !== "do") return;
    event.preventDefault();
    try {
      const policy = JSON.parse(text.value);
      await call("POST", `/v1/operator/campaigns/${encodeURIComponent(campaign.name)}/policy`, { from: latest.version, policy, reason: reason.value });
      dialog.close();
      await refresh();
    } catch (error) {
      trouble.textContent = error instanceof SyntaxError ? `This is no JSON: ${error.message}` : error.message;
    }
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

function stageChanged() {
  const scores = form.elements.stage.value === "SCORE";
  $("source-label").hidden = !scores;
  $("paths-label").hidden = scores;
  const sources = known.filter((campaign) => campaign.stage === "FETCH");
  form.elements.source.replaceChildren(...sources.map((campaign) => element("option", { value: campaign.name }, [campaign.name])));
  const source = sources.find((campaign) => campaign.name === form.elements.source.value);
  for (const name of ["base", "slices"]) form.elements[name].disabled = scores;
  if (scores && source) {
    form.elements.base.value = source.base;
    form.elements.slices.value = source.slices;
  }
}

form.elements.stage.addEventListener("change", stageChanged);
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  $("new-error").textContent = "";
  const stage = form.elements.stage.value;
  const paths = stage === "SCORE" ? [] : form.elements.paths.value.split(/\s+/).filter(Boolean);
  const slices = Number(form.elements.slices.value);
  if (stage !== "SCORE" && !paths.length) {
    $("new-error").textContent = "Give at least one WAT path.";
    form.elements.paths.focus();
    return;
  }
  const name = form.elements.name.value;
  const sure = await confirm({
    title: `Make ${name}?`,
    text: stage === "SCORE"
      ? `It gets a job for each of ${form.elements.source.value} that is accepted.`
      : `${counted(paths.length, "WAT")} of ${counted(slices, "slice")} each: ${counted(paths.length * slices, "job")}, which go out at once. Its paths cannot be changed afterwards; its rules can, and it can be paused.`,
    sample: paths.slice(0, 5).map((path) => form.elements.base.value + path),
    ask: null, go: "Make it", keep: "Not yet",
  });
  if (sure === null) return;
  try {
    const spec = { name, base: form.elements.base.value, slices, bundle: form.elements.bundle.value, policy: { ...(await get("/v1/default-policy")), threshold: Number(form.elements.threshold.value) } };
    if (stage !== "WHOLE") spec.stage = stage;
    if (stage === "SCORE") spec.source = form.elements.source.value;
    await call("POST", "/v1/operator/campaigns", { spec, paths });
    form.reset();
    stageChanged();
    await refresh();
  } catch (error) {
    $("new-error").textContent = error.message;
  }
});

let bundles = null;
const refresh = desk(3000, async () => {
  known = (await get("/v1/campaigns")).campaigns;
  draw();
  if (bundles === null) {
    bundles = (await call("GET", "/v1/operator/bundles")).bundles;
    form.elements.bundle.replaceChildren(...bundles.map((bundle) => element("option", { value: bundle.id }, [`${bundle.name || "nameless"} (${bundle.id.slice(0, 12)}…)`])));
    if (!bundles.length) $("new-error").textContent = "No model bundle has been uploaded yet; tracker-server campaign create --bundle DIR brings one.";
  }
});
