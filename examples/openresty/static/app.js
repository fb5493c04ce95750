// Buttons that ask the API and show its answer. The cookie goes along by itself; a script never sees a token.
for (const button of document.querySelectorAll("[data-fetch]")) {
  button.addEventListener("click", async () => {
    const output = document.getElementById("answer");
    output.hidden = false;
    output.textContent = "…";
    const response = await fetch(button.dataset.fetch, { headers: { Accept: "application/json" } });
    const text = await response.text();
    try {
      output.textContent = response.status + "\n" + JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      output.textContent = response.status + "\n" + text;
    }
  });
}
