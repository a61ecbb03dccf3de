// Renews the progress of a running training every two seconds. Without this there is the link
// "Reload", which this hides.
(() => {
  const section = document.querySelector("[data-progress][data-running]");
  if (!section) return;

  const show = (html) => {
    section.innerHTML = html; // of our own server, escaped there
    section.querySelectorAll("[data-reload]").forEach((link) => { link.hidden = true; });
  };

  const renew = async () => {
    try {
      const answer = await fetch(section.dataset.progress, { credentials: "same-origin" });
      if (answer.redirected) return; // signed out
      if (answer.ok) {
        const html = await answer.text();
        if (answer.headers.get("X-Run-State") !== "running") {
          window.location.reload(); // the fields below have changed too
          return;
        }
        const focused = section.contains(document.activeElement) && document.activeElement.className;
        show(html);
        if (focused) section.querySelector(`a.${focused.split(" ").pop()}`)?.focus();
      }
    } catch (error) {
      // The server is away: the next attempt may find it.
    }
    window.setTimeout(renew, 2000);
  };

  show(section.innerHTML);
  window.setTimeout(renew, 2000);
})();
