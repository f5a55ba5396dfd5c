"use strict";

// The result of a run: what the standard says, what this browser did, whether they agree, and why.

const ENGINES = { chromium: "Chromium", firefox: "Firefox", webkit: "WebKit" };

let shownResult = null;

function showResult(result) {
  shownResult = result;
  byId("status").replaceChildren(...tellStatus(result));
  byId("shown").hidden = result.problems.length > 0;
  byId("summary").hidden = !result.problems.length;
  byId("summary").replaceChildren(...result.problems.map(linkProblem));
  if (result.problems.length) return;
  byId("model").replaceChildren(...tellVerdict(result.verdict));
  byId("browser").replaceChildren(...tellOutcome(result));
  byId("steps").replaceChildren(...result.verdict.steps.map(tellStep));
  byId("wire").replaceChildren(...tellWire(result));
  byId("policy").textContent = result.policy;
  byId("legend").textContent = result.outcome
    ? "✓ marks a request that reached the API, by its log." : "By the model only: nothing was sent.";
  draw();
}

let drawnWidth = 0;

function draw() {
  drawnWidth = byId("diagram").clientWidth;
  if (!drawnWidth || !shownResult || shownResult.problems.length) return;
  byId("diagram").replaceChildren(drawDiagram(shownResult, Math.min(drawnWidth, 720)));
}

// Drawn again where its width changes, not for the height that it has itself.
new ResizeObserver(() => {
  if (byId("diagram").clientWidth !== drawnWidth) draw();
}).observe(byId("diagram"));

function linkProblem(problem) {
  const control = controlOf(problem);
  const link = make("a", "", problem.field);
  link.href = `#${control.id}`;
  link.addEventListener("click", (event) => {
    event.preventDefault(); // the fragment of the address is the form's
    focusControl(control);
  });
  return tellProblem(problem, link, " ");
}

function tellStatus({ problems, verdict, agreement }) {
  if (problems.length) {
    return [make("span", "pill no", "! Not possible"),
      " Nothing was run: mend what is marked in the form."];
  }
  const word = verdict.allowed
    ? make("span", "pill yes", "✓ Granted") : make("span", "pill no", "✗ Refused");
  const sentence = {
    agree: "This browser did the same.",
    departs: "This browser did otherwise, as is known of it.",
    differ: "This browser did otherwise.",
  }[agreement] ?? "Only the model can tell.";
  const mark = agreement === "differ" ? make("span", "pill alarm", sentence) : sentence;
  return [word, " ", mark];
}

function tellVerdict(verdict) {
  const word = verdict.allowed
    ? make("p", "word yes", "Granted") : make("p", "word no", "Refused");
  const told = [word, make("p", "", verdict.summary)];
  if (verdict.near_misses.length) {
    told.push(make("p", "label", "Nearly right"), make("ul", "plain",
      ...verdict.near_misses.map((one) => make("li", "", one.message))));
  }
  if (verdict.departing.length) {
    const names = verdict.departing.map((name) => ENGINES[name]).join(", ");
    told.push(make("p", "note", `${names} ${verdict.departing.length > 1 ? "depart" : "departs"} from `
      + `the standard here: ${verdict.allowed ? "the page gets nothing" : "the page may read it"}.`));
  }
  if (verdict.fixes.length) {
    told.push(make("p", "label", "To mend it"), make("ul", "fixes", ...verdict.fixes.map(tellMend)));
  }
  return told;
}

function tellMend(mend) {
  const item = make("li", "", mend.message);
  if (Object.keys(mend.fields).length) {
    const button = make("button", "", "Apply", make("span", "unseen", `: ${mend.message}`));
    button.type = "button";
    button.addEventListener("click", async () => {
      fillForm(mend.fields);
      byId("results").focus({ preventScroll: true });
      await run();
    });
    item.append(" ", button);
  }
  return item;
}

function tellOutcome({ form, outcome, seen, agreement }) {
  if (!outcome) {
    return [make("p", "", "This browser has no page of ", make("code", "", form.page.trim()),
      " here, so only the model can tell what it would do.")];
  }
  const told = [];
  if (outcome.readable) {
    told.push(make("p", "word yes", `Read it: ${outcome.status}`));
    if (outcome.body) told.push(make("pre", "body", make("code", "", outcome.body)));
    const lines = outcome.headers.map(([name, value]) => make("li", "", make("code", "", `${name}: ${value}`)));
    told.push(make("p", "label", "Headers that the page could read"), make("ul", "plain", ...lines));
  } else {
    const sent = seen.some((request) => request.request_method === null);
    told.push(make("p", "word no", sent ? "Kept the answer from the page" : "Did not send it"),
      make("p", "", "The page got ", make("code", "", outcome.error)));
  }
  const reached = seen.map((request) =>
    `${request.method} ${request.status}${request.cookie ? " with the cookie" : ""}`);
  told.push(make("p", "note", `The API saw: ${reached.join(", then ") || "nothing"}`));
  const [kind, text] = {
    agree: ["yes", "✓ as the standard says"],
    departs: ["no", "≈ a known departure from the standard"],
    differ: ["alarm", "✗ not what the standard says"],
  }[agreement];
  told.push(make("p", `pill ${kind}`, text));
  return told;
}

function tellStep(step) {
  const names = { page: "Page", browser: "Browser", server: "API" };
  const item = make("li", step.actor, make("span", "who", names[step.actor]), " ",
    make("span", "title", step.title));
  if (step.details.length) {
    item.append(make("ul", "plain", ...step.details.map((one) => make("li", "", one))));
  }
  return item;
}

function tellHead(first, headers) {
  const lines = [first, ...headers.map(([name, value]) => `${name}: ${value}`)];
  return make("pre", "", make("code", "", lines.join("\n")));
}

function tellWire({ verdict, outcome, seen }) {
  if (!verdict.exchanges.length) return [make("p", "", "Nothing is sent.")];
  return verdict.exchanges.map(({ request, response }, at) => {
    let reached = "";
    if (outcome) reached = seen[at] ? ", reached the API" : ", did not reach the API";
    const first = `${request.method} ${request.url}`;
    const details = make("details", "", make("summary", "",
      `${request.is_preflight ? "Preflight: " : ""}${first}${reached}`));
    details.append(tellHead(first, request.headers),
      tellHead(String(response.status), response.headers));
    details.querySelector("summary").id = `wire-summary-${at}`;
    return details;
  });
}
