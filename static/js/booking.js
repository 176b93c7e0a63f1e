// The booking's page: shows the link as soon as it is there, and copies it.
const FIRST_MS = 700;
const SLOWER = 1.15;
const LONGEST_MS = 5000;
const GIVE_UP_MS = 120_000;

const statusSection = () => document.getElementById("status");
const sleep = (ms) => new Promise((wake) => setTimeout(wake, ms));

async function newerStatus() {
  const answer = await fetch(location.href, { cache: "no-store" });
  if (!answer.ok) return null;
  return new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("status");
}

// The section stays, as a live region is heard only when what is inside it changes.
function show(newer) {
  const section = statusSection();
  if (section.innerHTML.trim() !== newer.innerHTML.trim()) {
    section.replaceChildren(...newer.childNodes);
    offerCopies();
  }
  section.dataset.status = newer.dataset.status;
}

async function follow() {
  const until = Date.now() + GIVE_UP_MS;
  for (let wait = FIRST_MS; statusSection()?.dataset.status === "arranging" && Date.now() < until; wait = Math.min(wait * SLOWER, LONGEST_MS)) {
    await sleep(wait);
    if (document.hidden) continue;
    try {
      const newer = await newerStatus();
      if (newer) show(newer);
    } catch (error) {
      console.info("The booking's page did not answer; trying again.", error);
    }
  }
}

function offerCopies() {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
}

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.textContent = button.dataset.copied;
});

offerCopies();
follow();
