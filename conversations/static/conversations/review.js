// Reviews without leaving the page: sends the forms of its messages, and puts the history that
// follows in place of the one shown. The same forms work without this file.
"use strict";

const PATIENCE = 20000; // milliseconds
const NOT_SAVED = "Your click was not saved.";
const SENTENCES = {
  away: "Beez did not answer. Click again in a moment; nothing can be saved twice by that.",
  signedOut: `You are no longer signed in. ${NOT_SAVED} Sign in in another tab, come back and click again.`,
  403: `You may not review here, or somebody signed in anew in this browser. ${NOT_SAVED} Load the page again.`,
  404: `This message is not there any more. ${NOT_SAVED}`,
  other: `Beez could not save this. ${NOT_SAVED} Try again in a moment.`,
};

let underWay = null; // the click that is being saved
let waiting = []; // those made meanwhile, each after the history that follows from the one before

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form.review") || !event.submitter) return;
  event.preventDefault();
  const { name, value } = event.submitter;
  const click = { message: form.closest("article").id, name, value };
  const again = (other) => other && ["message", "name", "value"].every((key) => other[key] === click[key]);
  if (!underWay) save(click);
  else if (!again(underWay) && !waiting.some(again)) waiting.push(click);
});

async function save(click) {
  underWay = click;
  const article = document.getElementById(click.message);
  article.setAttribute("aria-busy", "true");
  const sent = filledIn(article.querySelector("form.review"), click);
  const { page, problem } = await answer(article.querySelector("form.review"), sent, click);
  if (problem) {
    article.removeAttribute("aria-busy");
    for (const lost of [click, ...waiting]) tell(lost.message, problem);
    waiting = [];
  } else {
    show(page, click, sent.get("note"));
  }
  underWay = null;
  const next = waiting.shift();
  if (next) save(next);
}

function filledIn(form, click) {
  const data = new FormData(form);
  data.append(click.name, click.value);
  const token = document.cookie.match(/(?:^|; )(?:__Host-)?csrftoken=([^;]+)/); // new after signing in anew
  if (token) data.set("csrfmiddlewaretoken", token[1]);
  return data;
}

/** The page as it is after the click, or a sentence on why there is none. */
async function answer(form, data, click) {
  try {
    const signal = AbortSignal.timeout(PATIENCE);
    const response = await fetch(form.getAttribute("action"), { method: "POST", body: data, signal });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (page.getElementById(click.message)) return { page };
    if (page.getElementById("login-form")) return { problem: SENTENCES.signedOut };
    return { problem: SENTENCES[response.status] || SENTENCES.other };
  } catch {
    return { problem: SENTENCES.away };
  }
}

/** Put the parts of `page` in place; what is open, typed, scrolled to or in focus stays so. */
function show(page, click, sentNote) {
  const top = () => document.getElementById(click.message).getBoundingClientRect().top;
  const before = top();
  const scrolled = document.querySelector(".timeline").scrollLeft;
  const focus = inFocus();
  for (const details of document.querySelectorAll("details[id]")) keep(page, details, click, sentNote);
  for (const part of document.querySelectorAll("[data-part]")) {
    part.replaceWith(page.querySelector(`[data-part="${part.dataset.part}"]`));
  }
  document.querySelector(".timeline").scrollLeft = scrolled;
  window.scrollBy({ top: top() - before, behavior: "instant" });
  if (focus) refocus(focus);
  const outcome = document.querySelector(`#${click.message} .message-outcome`);
  announce(outcome ? outcome.textContent : "");
}

function keep(page, details, click, sentNote) {
  const fresh = page.getElementById(details.id);
  const note = details.querySelector("input");
  const sent = note && details.closest("article").id === click.message && note.value === sentNote;
  if (!fresh || sent) return; // what was sent is in the review, or given back by the server
  fresh.open = details.open;
  if (note) fresh.querySelector("input").value = note.value;
}

function inFocus() {
  const element = document.activeElement;
  const article = element && element.closest("article.message");
  return article && { message: article.id, name: element.name, value: element.value, tag: element.localName };
}

function refocus({ message, name, value, tag }) {
  const article = document.getElementById(message);
  if (!article) return;
  const alike = [...article.querySelectorAll(tag)].filter((one) => one.name === name);
  const same = alike.find((one) => one.value === value) || (tag === "input" && alike[0]);
  (same || article.querySelector(".review-confirm") || article).focus({ preventScroll: true });
}

function tell(message, sentence) {
  const article = document.getElementById(message);
  let place = article.querySelector(".message-outcome");
  if (!place) {
    place = document.createElement("p");
    article.querySelector("form.review").after(place);
  }
  place.className = "message-outcome problem";
  place.textContent = sentence;
  announce(sentence);
}

function announce(sentence) {
  document.getElementById("review-status").textContent = sentence;
}
