// Shows the time left and the chosen scenario. The page works without it.
"use strict";

const left = document.getElementById("left");
if (left) {
  const end = performance.now() + Number(left.dataset.seconds) * 1000;
  const twoDigits = (number) => String(number).padStart(2, "0");
  const tick = () => {
    const seconds = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
    left.textContent = hours
      ? `${hours}:${twoDigits(minutes)}:${twoDigits(seconds % 60)}`
      : `${minutes}:${twoDigits(seconds % 60)}`;
    document.body.classList.toggle("hurry", seconds <= 60);
    // The server rounds the time left up, so that the payment has expired there too.
    if (seconds === 0) location.replace(left.dataset.page);
    else setTimeout(tick, 250);
  };
  tick();
}

const sheet = document.getElementById("sheet");
const chosen = document.getElementById("chosen");
if (sheet && chosen) {
  const showChoice = () => {
    const radio = sheet.querySelector("input[name=fault]:checked");
    const isPlain = !radio || !radio.value;
    chosen.textContent = isPlain ? "" : radio.closest("label").textContent.trim();
  };
  sheet.addEventListener("change", showChoice);
  // Also after "back", when the browser restores the previous choice.
  addEventListener("pageshow", showChoice);
}
