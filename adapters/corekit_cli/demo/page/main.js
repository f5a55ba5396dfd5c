"use strict";

// What happens when: the page's start, the form's changes and its run, and the examples.

let checking = 0;
let busy = false;

// A button that is disabled would lose the focus: it is only said to be, and does nothing.
function setBusy(is) {
  busy = is;
  for (const name of ["run", "all"]) byId(name).setAttribute("aria-disabled", String(is));
}

// Says so where what is shown is not of what stands in the form.
function noteChanges() {
  const isShown = !shownResult || JSON.stringify(shownResult.form) === JSON.stringify(readForm());
  byId("stale").hidden = isShown;
}

async function check() {
  const now = ++checking;
  noteChanges();
  const answer = await post("/check", readForm());
  if (now === checking) showProblems(answer.problems);
}

async function run() {
  if (busy) return null;
  checking += 1;
  const form = readForm();
  keepInAddress(form);
  setBusy(true);
  byId("status").textContent = "Running …";
  try {
    const result = await perform(form);
    showProblems(result.problems);
    showResult(result);
    noteChanges();
    return result;
  } catch (error) {
    byId("status").textContent = `✗ The demo does not answer (${error.message}). Is it running?`;
    return null;
  } finally {
    setBusy(false);
  }
}

function mark(example, result) {
  const [sign, word] = result.problems.length ? ["!", "the policy is refused"] : {
    agree: ["✓", "agree"],
    departs: ["≈", "a known departure"],
    differ: ["✗", "differ"],
  }[result.agreement] ?? ["–", "the model only"];
  const shown = byId(`example-${example.name}`).querySelector(".mark");
  shown.dataset.mark = result.problems.length ? "problems" : result.agreement ?? "model";
  shown.replaceChildren(`${sign} `, make("span", "word", word));
}

// The result may be a long way below the form, or above.
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

async function tryAll() {
  if (busy) return;
  setBusy(true);
  const counts = { agree: 0, departs: 0, differ: 0 };
  try {
    for (const [at, example] of demo.examples.entries()) {
      byId("progress").textContent = `${at} of ${demo.examples.length} …`;
      const result = await perform(example.form);
      mark(example, result);
      if (result.agreement) counts[result.agreement] += 1;
    }
    const departures = counts.departs ? `, ${counts.departs} departs as is known` : "";
    byId("progress").textContent = counts.differ
      ? `✗ ${counts.differ} differ from what the standard says.`
      : `✓ ${counts.agree} calls went by the standard${departures}.`;
  } catch (error) {
    byId("progress").textContent = `✗ The demo does not answer (${error.message}). Is it running?`;
  }
  setBusy(false);
}

function introduce() {
  const own = demo.here === demo.page;
  const other = own ? demo.foreign : demo.page;
  byId("here").textContent = byId("page-here-origin").textContent = demo.here;
  byId("page-here").value = demo.here;
  byId("api").textContent = demo.api;
  byId("other-label").textContent = own ? "A foreign page" : "The allowed page";
  byId("page-other-label").textContent = own ? "The foreign page" : "The allowed page";
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
}

async function main() {
  demo = await (await fetch("/demo.json")).json();
  introduce();
  byId("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const result = await run();
    if (result?.problems.length) focusControl(controlOf(result.problems[0]));
    else if (result) reveal();
  });
  byId("form").addEventListener("change", check);
  byId("typed").addEventListener("input", () => { byId("page-typed").checked = true; });
  byId("all").addEventListener("click", tryAll);
  const kept = readAddress();
  // An address that somebody else wrote fills the form, and runs nothing.
  if (kept) {
    fillForm(kept);
    await check();
  } else {
    fillForm(demo.examples.find((example) => example.name === "put-json").form);
    await run();
  }
}

main();
