// Searching a release: by words, by whose it is, by what is like it. The search is the page's address; a picture has none.

import { $, button, counted, element, fill, fresh, get, number } from "./dom.js";

const form = $("search");
const pictures = $("by-picture");
const FIELDS = ["release", "by", "q"];
const MOST_PICTURE_BYTES = 10 * 1024 * 1024;

function link(text, href) {
  return element("a", { href, target: "_blank", rel: "noopener noreferrer nofollow" }, [text]);
}

function host(url) {
  try {
    return new URL(url).host;
  } catch {
    return "";
  }
}

function hit(pair) {
  const safe = /^https?:\/\//i.test(pair.url);
  return element("li", { "data-sample": pair.sampleId }, [
    element("p", { class: "text" }, [pair.text]),
    element("p", { class: "quiet" }, [
      `similarity ${pair.similarity.toFixed(3)} · ${number.format(pair.width)} × ${number.format(pair.height)} · ${host(pair.url)}${pair.license ? ` · ${pair.license}` : ""}${pair.checked ? "" : " · not checked for safety"} `,
      button("More like this", () => look({ by: "like", q: pair.sampleId }), { class: "small" }), " ",
      ...(safe ? [link("Open the picture at its site", pair.url), " "] : []),
      element("a", { href: `sites.html?kind=url&value=${encodeURIComponent(pair.url)}#opt-out` }, ["Ask to leave it out"]),
    ]),
  ]);
}

function look(search) {
  for (const [name, value] of Object.entries(search)) form.elements[name].value = value;
  form.requestSubmit();
}

async function show() {
  const wanted = new URLSearchParams(location.search);
  for (const name of FIELDS) if (wanted.get(name)) form.elements[name].value = wanted.get(name);
  $("save").hidden = true;
  if (!wanted.get("q")) return;
  const query = `by=${encodeURIComponent(form.elements.by.value)}&q=${encodeURIComponent(form.elements.q.value)}`;
  if (await showAnswer(get(`${release()}/search?${query}`))) {
    $("subset").href = `${release()}/subset?${query}`;
    $("save").hidden = false;
  }
}

function release() {
  return `/v1/releases/${encodeURIComponent(form.elements.release.value)}`;
}

let asked = 0;

/** Whether there was one that found something. Of several on their way only the last is shown. */
async function showAnswer(coming) {
  const mine = ++asked;
  fill("hits", []);
  $("no-hits").hidden = true;
  $("count").textContent = "Looking…";
  try {
    const answer = await coming;
    if (mine !== asked) return false;
    fill("hits", answer.hits.map(hit), "no-hits");
    $("count").textContent = `${counted(answer.hits.length, "pair")} of ${number.format(answer.pairs)}${answer.hidden ? `; ${number.format(answer.hidden)} more are not shown` : ""}.`;
    fresh(Date.now());
    return answer.hits.length > 0;
  } catch (error) {
    if (mine === asked) $("count").textContent = error instanceof TypeError ? "The tracker does not answer." : error.message;
    return false;
  }
}

async function showLike(picture) {
  $("save").hidden = true;
  if (!picture) return;
  if (picture.size > MOST_PICTURE_BYTES) {
    asked++;
    fill("hits", []);
    $("count").textContent = "The picture is larger than 10 MB.";
    return;
  }
  await showAnswer(get(`${release()}/search`, { method: "POST", body: picture, headers: { "Content-Type": "application/octet-stream" } }));
}

pictures.elements.picture.addEventListener("change", () => showLike(pictures.elements.picture.files[0]));
pictures.addEventListener("dragover", (event) => event.preventDefault());
pictures.addEventListener("drop", (event) => {
  event.preventDefault();
  showLike(event.dataTransfer.files[0]);
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const search = new URLSearchParams();
  for (const name of FIELDS) search.set(name, form.elements[name].value.trim());
  history.pushState(null, "", `?${search}`);
  show();
});
addEventListener("popstate", show);
$("show").addEventListener("change", () => $("hits").classList.toggle("hidden-texts", !$("show").checked));

async function start() {
  const { releases, meanings } = await get("/v1/releases");
  const meaning = form.elements.by.querySelector("[value=meaning]");
  meaning.hidden = meaning.disabled = !meanings;
  const newest = new Map();
  for (const release of releases) {
    const of = `${release.campaign} ${release.preset.split("@")[0]}`;
    if (release.state === "published" && !newest.has(of)) newest.set(of, release.name);
  }
  form.elements.release.replaceChildren(...[...newest.values()].map((name) => element("option", { value: name }, [name])));
  $("no-releases").hidden = newest.size > 0;
  pictures.hidden = !meanings || newest.size === 0;
  await show();
}

start().catch((error) => {
  $("count").textContent = error instanceof TypeError ? "The tracker does not answer." : error.message;
});
