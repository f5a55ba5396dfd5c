"use strict";

// The result of a run: what the standard requires, what this browser did, and why.

const ENGINES = { chromium: "Chromium", firefox: "Firefox", webkit: "WebKit" };

let shownResult = null;

function showResult(result) {
  shownResult = result;
  byId("status").replaceChildren(...describeStatus(result));
  byId("shown").hidden = result.problems.length > 0;
  byId("summary").hidden = !result.problems.length;
  byId("summary").replaceChildren(...result.problems.map(linkProblem));
  if (result.problems.length) return;
  byId("model").replaceChildren(...describeVerdict(result));
  byId("browser").replaceChildren(...describeOutcome(result));
  byId("steps").replaceChildren(...result.verdict.steps.map(describeStep));
  byId("wire").replaceChildren(...describeExchanges(result));
  byId("policy").textContent = result.policy;
  byId("legend").textContent = result.outcome
    ? "✓ marks requests that reached the API, according to its log." : "Nothing was sent.";
  draw();
}

let drawnWidth = 0;

function draw() {
  drawnWidth = byId("diagram").clientWidth;
  if (!drawnWidth || !shownResult || shownResult.problems.length) return;
  byId("diagram").replaceChildren(drawDiagram(shownResult, Math.min(drawnWidth, 720)));
}

// Draw again if the width changes; the height depends on the drawing itself.
new ResizeObserver(() => {
  if (byId("diagram").clientWidth !== drawnWidth) draw();
}).observe(byId("diagram"));

function linkProblem(problem) {
  const control = controlOf(problem);
  const link = make("a", "", problem.subject);
  link.href = `#${control.id}`;
  link.addEventListener("click", (event) => {
    event.preventDefault(); // the fragment of the URL holds the form
    focusControl(control);
  });
  return describeProblem(problem, link, " ");
}

function describeStatus({ problems, verdict, agreement }) {
  if (problems.length) {
    return [make("span", "pill no", "! Invalid"),
      " Nothing was sent. Fix the problems that are marked in the form."];
  }
  const word = verdict.allowed
    ? make("span", "pill yes", "✓ Allowed") : make("span", "pill no", "✗ Blocked");
  const sentence = {
    agree: "This browser agrees.",
    deviate: "This browser has a known deviation.",
    differ: "This browser deviates.",
  }[agreement] ?? "Not run in this browser.";
  const mark = agreement === "differ" ? make("span", "pill alarm", sentence) : sentence;
  if (isRefused(verdict)) return [word, " ", make("span", "pill no", "✗ Refused by the guard"), " ", mark];
  return [word, " ", mark];
}

// What the guard decided, if the API is behind one.
function describeGuard({ form, verdict: { guard } }) {
  if (!form.guard) return [];
  if (!guard) return [make("p", "", "The guard is not asked: the browser does not send the request.")];
  const word = guard.allowed
    ? make("p", "word yes", "Passed by the guard") : make("p", "word no", "Refused by the guard");
  const parts = [word, make("p", "", `${guard.message} [${guard.reason}]`)];
  if (guard.hint) parts.push(make("p", "", guard.hint));
  return parts;
}

function describeVerdict(result) {
  const { verdict } = result;
  const word = verdict.allowed
    ? make("p", "word yes", "Allowed") : make("p", "word no", "Blocked");
  const parts = [word, make("p", "", verdict.summary), ...describeGuard(result)];
  if (verdict.near_misses.length) {
    parts.push(make("p", "label", "Near misses"), make("ul", "plain",
      ...verdict.near_misses.map((one) => make("li", "", one.message))));
  }
  if (verdict.deviating.length) {
    const names = verdict.deviating.map((name) => ENGINES[name]).join(", ");
    parts.push(make("p", "note", `Known deviation of ${names}: `
      + `${verdict.allowed ? "the response is blocked" : "the page can read the response"}.`));
  }
  if (verdict.fixes.length) {
    parts.push(make("p", "label", "Fixes"), make("ul", "fixes", ...verdict.fixes.map(describeFix)));
  }
  return parts;
}

function describeFix(fix) {
  const item = make("li", "", fix.message);
  if (Object.keys(fix.fields).length) {
    const button = make("button", "", "Apply", make("span", "unseen", `: ${fix.message}`));
    button.type = "button";
    button.addEventListener("click", async () => {
      fillForm(fix.fields);
      byId("results").focus({ preventScroll: true });
      await run();
    });
    item.append(" ", button);
  }
  return item;
}

function describeOutcome({ form, outcome, seen, agreement }) {
  if (!outcome && form.public_page) {
    return [make("p", "", "Not run: the pages of the demo come from this computer.")];
  }
  if (!outcome) {
    return [make("p", "", "Not run: the demo has no page on ", make("code", "", form.page.trim()),
      ".")];
  }
  const parts = [];
  if (outcome.readable) {
    parts.push(make("p", "word yes", `Response read: ${outcome.status}`));
    if (outcome.body) parts.push(make("pre", "body", make("code", "", outcome.body)));
    const lines = outcome.headers.map(([name, value]) => make("li", "", make("code", "", `${name}: ${value}`)));
    parts.push(make("p", "label", "Headers that the page can read"), make("ul", "plain", ...lines));
  } else {
    const sent = seen.some((request) => request.request_method === null);
    parts.push(make("p", "word no", sent ? "Response blocked" : "Request not sent"),
      make("p", "", "The page got ", make("code", "", outcome.error)));
  }
  const reached = seen.map((request) => `${request.method} ${request.status}`
    + (request.cookie ? " with the cookie" : "") + (request.refused ? " refused by the guard" : ""));
  parts.push(make("p", "note", `Requests in the log of the API: ${reached.join(", ") || "none"}`));
  const kind = { agree: "yes", deviate: "no", differ: "alarm" }[agreement];
  parts.push(make("p", `pill ${kind}`, MARKS[agreement].join(" ")));
  return parts;
}

function describeStep(step) {
  const names = { page: "Page", browser: "Browser", server: "API" };
  const item = make("li", step.actor, make("span", "who", names[step.actor]), " ",
    make("span", "title", step.title));
  if (step.details.length) {
    item.append(make("ul", "plain", ...step.details.map((one) => make("li", "", one))));
  }
  return item;
}

function describeHead(first, headers) {
  const lines = [first, ...headers.map(([name, value]) => `${name}: ${value}`)];
  return make("pre", "", make("code", "", lines.join("\n")));
}

function describeExchanges({ verdict, outcome, seen }) {
  if (!verdict.exchanges.length) return [make("p", "", "Nothing is sent.")];
  return verdict.exchanges.map(({ request, response }, at) => {
    let reached = "";
    if (outcome) reached = seen[at] ? ", reached the API" : ", did not reach the API";
    if (seen[at]?.refused) reached = ", refused by the guard";
    const first = `${request.method} ${request.url}`;
    const details = make("details", "", make("summary", "",
      `${request.is_preflight ? "Preflight: " : ""}${first}${reached}`));
    details.append(describeHead(first, request.headers),
      describeHead(String(response.status), response.headers));
    details.querySelector("summary").id = `wire-summary-${at}`;
    return details;
  });
}
