// The organizer's pages: copies links, and guesses the time zone of somebody who has just signed up.
if (navigator.clipboard) {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = button.dataset.copied;
    });
  }
}

const guess = document.querySelector("[data-guess-zone] select[name=timezone]");
const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (guess && own && [...guess.options].some((option) => option.value === own)) guess.value = own;
