// The commands that join this very tracker, with a button that copies each.

import { $, copyButton, element, fresh, get } from "./dom.js";

/** Quotes for a shell: a name must not become a command. */
const posix = (text) => (/^[\w.-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
const power = (text) => (/^[\w.-]+$/.test(text) ? text : `'${text.replaceAll("'", "''")}'`);

let release = null;
/** The public key that signs campaigns here, if one does. */
let key = null;

function commands() {
  const name = $("name").value.trim() || "YOUR-NAME";
  const team = $("team").value.trim();
  const args = (quote) => `--tracker ${location.origin} --name ${quote(name)}${team ? ` --team ${quote(team)}` : ""}${key ? ` --campaign-key ${quote(key)}` : ""}`;
  const jar = release?.jar ?? "worker-agent.jar";
  const link = release ? `${location.origin}/v1/bundles/${release.bundle}/${release.jar}` : null;
  return [
    ["Linux and macOS", [
      ...(link ? [`curl -fLO ${link}`] : []),
      `java -jar ${jar} doctor --tracker ${location.origin}`,
      `java -jar ${jar} run ${args(posix)}`,
    ]],
    ["Windows (PowerShell)", [
      ...(link ? [`Invoke-WebRequest -OutFile ${jar} ${link}`] : []),
      `java -jar ${jar} doctor --tracker ${location.origin}`,
      `java -jar ${jar} run ${args(power)}`,
    ]],
  ];
}

function draw() {
  $("commands").replaceChildren(
    ...commands().flatMap(([platform, lines]) => {
      const text = lines.join("\n");
      return [element("h3", {}, [platform]), element("pre", { tabindex: "0", "aria-label": `Commands for ${platform}` }, [text]), element("p", {}, [copyButton(() => text)])];
    }),
    element("p", { class: "quiet" }, [release
      ? "The first command fetches the worker from this tracker; doctor says in plain words whether this machine would do; run works until Ctrl-C."
      : "Get worker-agent.jar from whoever invited you, or build it with mvn package; doctor says in plain words whether this machine would do; run works until Ctrl-C."]),
  );
}

for (const field of ["name", "team"]) $(field).addEventListener("input", draw);
draw();
try {
  ({ campaignKey: key } = await get("/v1"));
  draw();
  const offered = await get("/v1/worker-release");
  if (offered.bundle) {
    const manifest = await get(`/v1/bundles/${offered.bundle}/bundle.json`);
    const jar = Object.keys(manifest.files ?? {}).find((file) => file.endsWith(".jar"));
    if (jar) release = { bundle: offered.bundle, jar };
    draw();
  }
} catch {
  fresh(0, "The tracker does not say whether it offers a worker; the commands below are for one that you have.");
}
