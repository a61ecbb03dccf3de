/* The review queue by keys, without loading the page anew. The forms work without this. */
"use strict";

(() => {
  const SETTLE = 250; // ms in which Enter is not taken for an answer to a message just shown
  const PATIENCE = 20000; // ms
  let busy = false;
  let shown = 0;

  const review = () => document.getElementById("review");
  const form = () => review().querySelector("form");
  const boxes = () => [...review().querySelectorAll(".review-tags input")];

  function cookie(name) {
    const found = document.cookie.split("; ").find((one) => one.startsWith(`${name}=`));
    return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
  }

  // The button says whether saving confirms what was preset.
  function label() {
    const text = review().querySelector("[data-same]");
    if (!text) return;
    text.dataset.changed ??= text.textContent;
    const changed = boxes().some((box) => box.checked !== box.defaultChecked);
    text.textContent = changed ? text.dataset.changed : text.dataset.same;
  }

  // Nothing that was chosen is lost: the card stays as it is.
  function trouble(sentence, link) {
    const place = document.getElementById("review-trouble");
    place.textContent = `${sentence} `;
    if (link) {
      const anchor = document.createElement("a");
      anchor.href = `/admin/login/?next=${encodeURIComponent(location.pathname)}`;
      anchor.target = "_blank";
      anchor.textContent = link;
      place.append(anchor);
    }
    place.hidden = false;
  }

  async function explain(answer) {
    if (answer.type === "opaqueredirect") {
      trouble("You are signed out. Sign in, come back here and press the key again: nothing is lost.", "Sign in");
    } else if (answer.status === 403) {
      trouble("You may not review, or you have signed in anew. Load this page again.");
    } else {
      trouble(`Beez could not answer (${answer.status}). Nothing is lost: try again in a moment.`);
    }
  }

  function show(html) {
    const card = new DOMParser().parseFromString(html, "text/html").getElementById("review");
    if (!card) return false;
    review().replaceWith(card);
    shown = performance.now();
    label();
    card.querySelector("[tabindex]")?.focus({ preventScroll: true });
    card.scrollIntoView({ block: "nearest" });
    return true;
  }

  async function send(step) {
    if (busy) return;
    const data = new FormData(form());
    data.set("do", step);
    data.delete("csrfmiddlewaretoken"); // the cookie's is newer after signing in again
    const headers = { "X-Requested-With": "fetch", "X-CSRFToken": cookie("__Host-csrftoken") || cookie("csrftoken") };
    busy = true;
    review().classList.add("waiting");
    try {
      const answer = await fetch(form().getAttribute("action"), {
        method: "POST", body: data, headers, redirect: "manual", signal: AbortSignal.timeout(PATIENCE),
      });
      const taken = (answer.ok || answer.status === 409) && show(await answer.text());
      if (!taken) explain(answer);
    } catch {
      trouble("Beez cannot be reached. Nothing is lost: try again in a moment.");
    } finally {
      busy = false;
      review().classList.remove("waiting");
    }
  }

  function press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.key === "Enter" && event.target.closest("a, button, summary")) return; // its own
    const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1] ?? event.key;
    const box = boxes().find((one) => one.dataset.key === digit);
    const key = event.key.toLowerCase();
    const step = { enter: "save", s: "skip", u: "undo" }[key];
    if (!box && !step) return;
    event.preventDefault();
    if (box && !busy) box.click();
    else if (step && review().querySelector(`button[value=${step}]`)
      && performance.now() - shown > SETTLE) send(step);
  }

  document.documentElement.classList.add("has-keys");
  document.addEventListener("keydown", press);
  document.addEventListener("change", label);
  // What was clicked with a mouse keeps no focus, so that Enter saves again.
  document.addEventListener("click", (event) => {
    if (event.detail) event.target.closest("a, button, summary")?.blur();
  });
  document.addEventListener("submit", (event) => {
    if (event.target !== form()) return;
    event.preventDefault();
    send(event.submitter?.value ?? "save");
  });
  label();
})();
