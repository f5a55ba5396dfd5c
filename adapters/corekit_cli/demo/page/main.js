"use strict";

// The page as a whole: its start, changes of the form, runs, and the examples.

const MARKS = {
  agree: ["✓", "as the standard requires"],
  deviate: ["≈", "known deviation"],
  differ: ["✗", "not as the standard requires"],
  model: ["–", "not run in this browser"],
  problems: ["!", "invalid policy or call"],
};

let checking = 0;
let busy = false;

// A disabled button would lose the focus, so busy buttons are marked and do nothing.
function setBusy(is) {
  busy = is;
  for (const name of ["run", "all"]) byId(name).setAttribute("aria-disabled", String(is));
}

// Show a note if the result is not that of the form.
function noteChanges() {
  const isShown = !shownResult || JSON.stringify(shownResult.form) === JSON.stringify(readForm());
  byId("stale").hidden = isShown;
}

function describeFailure(error) {
  return `✗ The demo does not respond (${error.message}). Is it running?`;
}

async function check() {
  const now = ++checking;
  noteChanges();
  const reply = await post("/check", readForm());
  if (now === checking) showProblems(reply.problems);
}

async function run() {
  if (busy) return null;
  checking += 1;
  const form = readForm();
  keepInUrl(form);
  setBusy(true);
  byId("status").textContent = "Running …";
  try {
    const result = await perform(form);
    showProblems(result.problems);
    showResult(result);
    noteChanges();
    return result;
  } catch (error) {
    byId("status").textContent = describeFailure(error);
    return null;
  } finally {
    setBusy(false);
  }
}

function mark(example, result) {
  const kind = result.problems.length ? "problems" : result.agreement ?? "model";
  const [sign, word] = MARKS[kind];
  const shown = byId(`example-${example.name}`).querySelector(".mark");
  shown.dataset.mark = kind;
  shown.replaceChildren(`${sign} `, make("span", "unseen", word));
}

// The result may be outside the viewport, above or below the form.
function reveal() {
  const { top, bottom } = byId("status").getBoundingClientRect();
  if (top >= 0 && bottom <= innerHeight) return;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  byId("results").scrollIntoView({ block: "start", behavior: still ? "instant" : "smooth" });
}

async function runExample(example) {
  if (busy) return;
  fillForm(example.form);
  const result = await run();
  if (result) {
    mark(example, result);
    reveal();
  }
}

async function runAll() {
  if (busy) return;
  setBusy(true);
  const counts = { agree: 0, deviate: 0, differ: 0 };
  try {
    for (const [at, example] of demo.examples.entries()) {
      byId("progress").textContent = `${at} of ${demo.examples.length} …`;
      const result = await perform(example.form);
      mark(example, result);
      if (result.agreement) counts[result.agreement] += 1;
    }
    byId("progress").textContent = `${counts.differ ? "✗" : "✓"} Done. As the standard requires: `
      + `${counts.agree}. Known deviations: ${counts.deviate}. Other deviations: ${counts.differ}.`;
  } catch (error) {
    byId("progress").textContent = describeFailure(error);
  }
  setBusy(false);
}

function introduce() {
  const own = demo.here === demo.page;
  const other = own ? demo.untrusted : demo.page;
  byId("here").textContent = byId("page-here-origin").textContent = demo.here;
  byId("page-here").value = demo.here;
  byId("api").textContent = demo.api;
  byId("other-label").textContent = byId("page-other-label").textContent
    = own ? "Untrusted page" : "Allowed page";
  byId("page-other").value = byId("page-other-origin").textContent = other;
  byId("other").href = `${other}/`;
  byId("other").append(make("code", "", other));
  byId("examples-box").open = matchMedia("(min-width: 60rem)").matches;
  for (const example of demo.examples) {
    const button = make("button", "", example.title, make("span", "mark"));
    button.type = "button";
    button.id = `example-${example.name}`;
    button.addEventListener("click", () => runExample(example));
    byId("examples").append(make("li", "", button));
  }
  byId("marks").append(...Object.values(MARKS).map(([sign, word]) => make("li", "", `${sign} ${word}`)));
}

async function main() {
  demo = await fetchJson("/demo.json");
  buildPolicy();
  introduce();
  byId("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const result = await run();
    if (result?.problems.length) focusControl(controlOf(result.problems[0]));
    else if (result) reveal();
  });
  byId("form").addEventListener("change", check);
  byId("typed").addEventListener("input", () => { byId("page-typed").checked = true; });
  byId("all").addEventListener("click", runAll);
  const kept = readUrl();
  // The URL may come from somebody else: it fills the form, and runs nothing.
  if (kept) {
    fillForm(kept);
    await check();
  } else {
    fillForm(demo.examples.find((example) => example.name === "put-json").form);
    await run();
  }
}

main();
