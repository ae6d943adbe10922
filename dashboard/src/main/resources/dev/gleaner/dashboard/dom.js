// What all pages share. Everything that comes from outside is set as text, never as markup.

export const number = new Intl.NumberFormat();

/** @param {string} tag @param {Record<string, string>} [attributes] @param {(Node | string)[]} [children] */
export function element(tag, attributes = {}, children = []) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Replaces what a node holds; `emptyId` names what is shown when there is nothing. */
export function fill(id, nodes, emptyId) {
  document.getElementById(id).replaceChildren(...nodes);
  if (emptyId) document.getElementById(emptyId).hidden = nodes.length > 0;
}

/** @param {number} n @param {string} one @param {string} [many] */
export function counted(n, one, many = `${one}s`) {
  return `${number.format(n)} ${n === 1 ? one : many}`;
}

/** @param {number} seconds */
export function duration(seconds) {
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
