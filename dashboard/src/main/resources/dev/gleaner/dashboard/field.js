// All jobs of a campaign as one picture: a cell for each, or from afar one for some that follow each other. Only what is in sight is
// fetched and drawn, so that five million jobs are as quick as five.

import { $, chosenCampaign, color, counted, every, get, number } from "./dom.js";

const STATES = ["open", "leased", "done", "quarantined", "cancelled"];
const FRESH_MS = 4000;
const AT_ONCE = 4;
const CELLS_AT_FIRST = 60_000;
const UNKNOWN_AGE = 31;

const field = $("field");
const canvas = $("canvas");
const paint = canvas.getContext("2d");
let campaign = null;
let shape = null;
let level = 0;
let size = 8;
let cursor = 0;
/** Tiles by level and number, with when they came. */
const tiles = new Map();
const loading = new Set();

const perCell = () => 4 ** level;
const cells = () => Math.ceil(shape.jobs / perCell());
const columns = () => Math.max(1, Math.floor(field.clientWidth / size));

let colors = { states: [], ink: "" };
function mix() {
  colors = { states: STATES.map((state) => color(`--${state}`)), ink: color("--ink") };
}

/** How strongly a cell is drawn: leased ones pale with age, from afar green grows with what is done. */
function strength(state, lower) {
  if (level > 0) return state === 2 ? 0.3 + (0.7 * lower) / 31 : 1;
  if (state === 1 && lower !== UNKNOWN_AGE) return 1 - (0.6 * lower) / 30;
  return 1;
}

function draw() {
  if (!shape) return;
  const scale = devicePixelRatio || 1;
  const width = field.clientWidth;
  const height = field.clientHeight;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const wide = columns();
  $("space").style.height = `${Math.max(height, Math.ceil(cells() / wide) * size)}px`;
  const top = field.scrollTop;
  canvas.style.transform = `translateY(${top}px)`;
  paint.setTransform(scale, 0, 0, scale, 0, 0);
  paint.clearRect(0, 0, width, height);
  const first = Math.floor(top / size) * wide;
  const last = Math.min(cells(), (Math.floor((top + height) / size) + 1) * wide);
  const gap = size > 4 ? 1 : 0;
  const groups = new Map();
  for (let cell = first; cell < last; cell++) {
    const tile = tiles.get(`${level}/${Math.floor(cell / shape.cells)}`);
    const value = tile?.bytes[cell % shape.cells];
    if (value === undefined) continue;
    const state = value >> 5;
    const how = `${state}/${level > 0 || state === 1 ? value & 31 : 0}`;
    if (!groups.has(how)) groups.set(how, []);
    groups.get(how).push(cell);
  }
  for (const [how, of] of groups) {
    const [state, lower] = how.split("/").map(Number);
    paint.fillStyle = colors.states[state];
    paint.globalAlpha = strength(state, lower);
    for (const cell of of) {
      paint.fillRect((cell % wide) * size, Math.floor(cell / wide) * size - top, size - gap, size - gap);
    }
  }
  paint.globalAlpha = 1;
  paint.strokeStyle = colors.ink;
  paint.lineWidth = 2;
  paint.strokeRect((cursor % wide) * size - 1, Math.floor(cursor / wide) * size - top - 1, size + 1, size + 1);
  field.dataset.drawn = String([...groups.values()].reduce((sum, of) => sum + of.length, 0));
}

/** The tiles in sight, those that are missing or old first. */
async function load() {
  if (!shape || !shape.jobs) return;
  const wide = columns();
  const first = Math.floor(field.scrollTop / size) * wide;
  const last = Math.min(cells(), (Math.floor((field.scrollTop + field.clientHeight) / size) + 1) * wide);
  const wanted = [];
  for (let n = Math.floor(first / shape.cells); n * shape.cells < last; n++) {
    const key = `${level}/${n}`;
    if (!loading.has(key) && Date.now() - (tiles.get(key)?.at ?? 0) > FRESH_MS) wanted.push(key);
  }
  const work = async () => {
    for (let key = wanted.shift(); key; key = wanted.shift()) {
      loading.add(key);
      try {
        const response = await fetch(`/v1/campaigns/${encodeURIComponent(campaign)}/field/${key}`, { cache: "no-store" });
        if (!response.ok) throw new Error(`The tracker answers with status ${response.status}.`);
        tiles.set(key, { at: Date.now(), bytes: new Uint8Array(await response.arrayBuffer()) });
        draw();
      } finally {
        loading.delete(key);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

function resize() {
  const area = Math.max(1, field.clientWidth * field.clientHeight);
  size = Math.max(3, Math.min(24, Math.floor(Math.sqrt(area / Math.max(1, cells())))));
  $("scale").textContent = level ? `a cell is ${counted(perCell(), "job")}` : "a cell is a job";
  $("in").disabled = level === 0;
  $("out").disabled = level >= shape.levels - 1;
}

function zoom(to, around) {
  const next = Math.max(0, Math.min(shape.levels - 1, to));
  const place = (around ?? cursor) * perCell();
  level = next;
  resize();
  show(Math.floor(place / perCell()));
}

/** Moves the cursor there and brings it into sight. */
function show(cell) {
  cursor = Math.max(0, Math.min(cells() - 1, cell));
  draw();
  const y = Math.floor(cursor / columns()) * size;
  if (y < field.scrollTop || y + size > field.scrollTop + field.clientHeight) field.scrollTop = y - field.clientHeight / 2;
  draw();
  load().catch(() => {});
}

async function look() {
  const place = cursor * perCell();
  if (level > 0) {
    const to = Math.min(shape.jobs, place + perCell());
    $("cell").textContent = `Places ${number.format(place)} to ${number.format(to - 1)}. Zoom in to see the jobs.`;
    return;
  }
  try {
    const job = await get(`/v1/campaigns/${encodeURIComponent(campaign)}/jobs/${place}`);
    $("cell").textContent = `Place ${number.format(place)}: job ${job.job}, ${job.state}, slice ${job.slice} of ${job.wat}, ${counted(job.attempts, "attempt")}.`;
  } catch (error) {
    $("cell").textContent = error.message;
  }
}

field.addEventListener("scroll", () => {
  draw();
  load().catch(() => {});
});
field.addEventListener("click", (event) => {
  if (!shape?.jobs) return;
  const box = field.getBoundingClientRect();
  const cell = Math.floor((event.clientY - box.top + field.scrollTop) / size) * columns() + Math.floor((event.clientX - box.left) / size);
  if (cell >= cells()) return;
  cursor = cell;
  draw();
  look();
});
field.addEventListener("dblclick", () => zoom(level - 1));
field.addEventListener("keydown", (event) => {
  if (!shape?.jobs) return;
  const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns(), ArrowDown: columns(), Home: -cells(), End: cells() };
  if (event.key in moves) show(cursor + moves[event.key]);
  else if (event.key === "Enter") look();
  else if (event.key === "+") zoom(level - 1);
  else if (event.key === "-") zoom(level + 1);
  else return;
  event.preventDefault();
});
$("in").addEventListener("click", () => zoom(level - 1));
$("out").addEventListener("click", () => zoom(level + 1));
$("place").addEventListener("change", () => {
  if (!shape?.jobs) return;
  level = 0;
  resize();
  show(Number($("place").value));
  look();
});
new ResizeObserver(() => {
  if (!shape) return;
  resize();
  draw();
  load().catch(() => {});
}).observe(field);
mix();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  mix();
  draw();
});

every(FRESH_MS, async () => {
  campaign ??= await chosenCampaign();
  if (!campaign) {
    $("no-field").hidden = false;
    field.hidden = true;
    return;
  }
  const before = shape;
  shape = await get(`/v1/campaigns/${encodeURIComponent(campaign)}/field`);
  if (!before) {
    while (level < shape.levels - 1 && shape.jobs / 4 ** level > CELLS_AT_FIRST) level++;
    resize();
  }
  $("sentence").textContent = `${counted(shape.jobs, "job")} of ${campaign}, in the order in which they go out.`;
  await load();
  draw();
});
