// Updates an order's page with fragments from the server, and counts down.
// Without it the page also works: it reloads itself.

const live = document.getElementById("live");
// The pause before a stream is opened again that was refused, for example by a proxy.
const RETRY_MS = 15000;
let source = null;
let ticking = null;
let over = 0;

const shown = () => live.firstElementChild;

function show(html) {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  const next = template.content.firstElementChild;
  if (!next) return;
  if (next.dataset.key !== shown().dataset.key) swap(next);
  if ("over" in next.dataset) stop();
}

function swap(next) {
  const held = live.contains(document.activeElement) ? document.activeElement.id : null;
  const wasOpen = live.querySelector("details")?.open;
  const title = next.querySelector("h1").textContent;
  shown().replaceWith(next);
  const details = live.querySelector("details");
  if (details && wasOpen) details.open = true;
  // The focus is restored only if it was inside, else moved to the title.
  if (held !== null) {
    const place = (held && document.getElementById(held)) || next.querySelector("h1");
    if (place.tagName === "H1") place.tabIndex = -1;
    place.focus({ preventScroll: true });
  }
  document.getElementById("announcement").textContent = title;
  countDown();
}

function listen() {
  stop();
  if ("over" in shown().dataset) return;
  source = new EventSource(live.dataset.events);
  source.addEventListener("status", (event) => show(event.data));
  source.addEventListener("error", () => {
    if (source?.readyState === EventSource.CLOSED) setTimeout(listen, RETRY_MS);
  });
}

function stop() {
  source?.close();
  source = null;
}

// Uses the monotonic clock, because this device's clock may be wrong.
function countDown() {
  clearTimeout(ticking);
  const left = document.getElementById("left");
  if (!left) return;
  over = performance.now() + Number(left.dataset.seconds) * 1000;
  tick();
}

function tick() {
  const left = document.getElementById("left");
  if (!left) return;
  const seconds = Math.max(0, Math.round((over - performance.now()) / 1000));
  left.textContent = Math.floor(seconds / 60) + ":" + String(seconds % 60).padStart(2, "0");
  // A new stream begins with the current status from the server.
  ticking = seconds > 0 ? setTimeout(tick, 500) : setTimeout(listen, 1500);
}

// The wallet's page may take seconds to open. Pressing twice is safe, so the button stays enabled.
addEventListener("submit", (event) => event.submitter?.setAttribute("aria-busy", "true"));
addEventListener("pageshow", () => {
  for (const busy of document.querySelectorAll("button[aria-busy]")) busy.removeAttribute("aria-busy");
});

if (live) {
  countDown();
  listen();
  // The back button shows the page with its old status, so it is reloaded.
  addEventListener("pageshow", (event) => event.persisted && location.reload());
}
