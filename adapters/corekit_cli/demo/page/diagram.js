"use strict";

// The sequence diagram of a run: the lifelines of page, browser and API, and the messages between
// them. It is drawn for the available width, so its text has the same size everywhere. The steps
// say the same in words.

const ROW = 46;
const HEAD = 40;
const LETTER = 7.4; // the width of a letter, in CSS pixels

function shape(name, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

// What happens, in order: arrows between page (0), browser (1) and API (2), and notes.
function listMoves(result) {
  const { form, verdict, outcome, seen } = result;
  const moves = [{ from: 0, to: 1, label: `fetch ${form.method.trim()}`, more: form.path.trim() }];
  for (const [at, exchange] of verdict.exchanges.entries()) {
    const isLast = at === verdict.exchanges.length - 1;
    const reached = seen[at];
    const refused = reached ? reached.refused : isLast && isRefused(verdict);
    const asked = exchange.request.headers.filter(([name]) => /^access-control-request/i.test(name));
    moves.push({ from: 1, to: 2, label: exchange.request.method, seen: Boolean(reached) && !refused,
      more: exchange.request.is_preflight
        ? `asks for ${asked.map(([, value]) => value).join(", ")}` : form.path.trim() });
    if (refused) moves.push({ note: "✗ refused by the guard", good: false });
    moves.push({ from: 2, to: 1, label: String((reached ?? exchange.response).status),
      more: describeOrigin(exchange), dashed: true });
    if (!isLast) moves.push({ note: `✓ ${exchange.request.is_preflight ? "preflight passed" : "redirect followed"}`, good: true });
  }
  if (verdict.failure) moves.push({ note: `✗ ${verdict.failure.code}`, good: false });
  else if (verdict.exchanges.length) moves.push({ note: "✓ the page can read the response", good: true });
  moves.push({ from: 1, to: 0, dashed: true, good: verdict.allowed,
    label: verdict.allowed ? "response" : "TypeError" });
  for (const extra of seen.slice(verdict.exchanges.length)) {
    moves.push({ from: 1, to: 2, label: extra.method, seen: true, more: "sent nevertheless" });
    moves.push({ from: 2, to: 1, label: String(extra.status), dashed: true });
  }
  if (outcome && outcome.readable !== verdict.allowed) {
    const did = outcome.readable ? "allowed" : "blocked";
    moves.push({ note: `this browser ${did} the response`, good: outcome.readable });
  }
  return moves;
}

function describeOrigin(exchange) {
  const found = exchange.response.headers.find(([name]) => /^access-control-allow-origin$/i.test(name));
  return found ? `allows ${found[1]}` : "allows no origin";
}

function fit(text, width) {
  const most = Math.floor(width / LETTER);
  return text.length <= most ? text : `${text.slice(0, Math.max(most - 1, 1))}…`;
}

function drawDiagram(result, width) {
  const moves = listMoves(result);
  const head = Math.min(132, width / 3 - 10);
  const lines = [head / 2 + 1, width / 2, width - head / 2 - 1];
  const gap = lines[1] - lines[0] - 20;
  const height = HEAD + moves.length * ROW + 16;
  const title = shape("title", { id: "diagram-title" });
  title.textContent = "Sequence diagram of the call";
  const description = shape("desc", { id: "diagram-desc" });
  description.textContent = moves.map(describeMove).join(" ");
  const svg = shape("svg", { role: "img", "aria-labelledby": "diagram-title diagram-desc",
    viewBox: `0 0 ${width} ${height}`, width, height }, title, description);
  for (const [at, name] of ["Page", "Browser", "API"].entries()) {
    svg.append(
      shape("line", { class: "life", x1: lines[at], x2: lines[at], y1: HEAD - 8, y2: height }),
      shape("rect", { class: "actor", x: lines[at] - head / 2, y: 1, width: head, height: 30, rx: 6 }),
      shape("text", { class: "name", x: lines[at], y: 21 }, name));
  }
  for (const [at, move] of moves.entries()) {
    const y = HEAD + at * ROW + 26;
    if (move.note) drawNote(svg, move, y, lines[1], width);
    else drawArrow(svg, move, y, lines, gap);
  }
  return svg;
}

function drawNote(svg, move, y, middle, width) {
  const text = fit(move.note, width - 24);
  const wide = text.length * LETTER + 24;
  const kind = move.good ? "good" : "bad";
  svg.append(
    shape("rect", { class: `note ${kind}`, x: middle - wide / 2, y: y - 16, width: wide, height: 26, rx: 13 }),
    shape("text", { class: `label ${kind}`, x: middle, y: y + 2 }, text));
}

function drawArrow(svg, move, y, lines, gap) {
  const [from, to] = [lines[move.from], lines[move.to]];
  const ahead = to > from ? 1 : -1;
  const middle = (from + to) / 2;
  const kind = move.good === undefined ? "" : move.good ? "good" : "bad";
  const sign = move.seen ? "✓ " : "";
  svg.append(
    shape("line", { class: `arrow ${move.dashed ? "dashed" : ""} ${kind}`, x1: from, y1: y,
      x2: to - ahead * 2, y2: y }),
    shape("path", { class: `tip ${kind}`, d: `M${to - ahead * 9},${y - 5} L${to - ahead},${y} L${to - ahead * 9},${y + 5} Z` }),
    shape("text", { class: `label ${kind}`, x: middle, y: y - 7 }, fit(sign + move.label, gap)));
  if (move.more && gap > 150) {
    svg.append(shape("text", { class: "more", x: middle, y: y + 15 }, fit(move.more, gap)));
  }
}

function describeMove(move) {
  if (move.note) return `${move.note}.`;
  const names = ["page", "browser", "API"];
  const reached = move.seen ? " (reached the API)" : "";
  const more = move.more ? `, ${move.more}` : "";
  return `From ${names[move.from]} to ${names[move.to]}: ${move.label}${more}${reached}.`;
}
