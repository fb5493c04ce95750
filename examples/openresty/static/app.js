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

// Passkeys: the service's options go to the browser and the browser's answer goes back, both as JSON.
const decode = (kind, text) => PublicKeyCredential[`parse${kind}OptionsFromJSON`](JSON.parse(text));

function complain(error) {
  const note = document.getElementById("passkey-problem");
  note.textContent = error.name === "NotAllowedError" ? "That was cancelled, or there is no passkey here."
    : "This did not work: " + error.message;
  note.hidden = false;
}

async function post(button, action, body) {
  const response = await fetch("/api/passkey/" + action,
    { method: "POST", body, headers: { "X-CSRF-Token": button.dataset.csrf, Accept: "application/json" } });
  if (!response.ok) throw new Error("the server said " + response.status);
  return response.text();
}

const acts = {
  async add(button) {
    const publicKey = decode("Creation", await post(button, "start"));
    await post(button, "finish", JSON.stringify(await navigator.credentials.create({ publicKey })));
  },
  remove: (button) => post(button, "remove", button.dataset.id),
};

for (const button of document.querySelectorAll("[data-passkey]")) {
  button.addEventListener("click", () =>
    acts[button.dataset.passkey](button).then(() => location.reload(), complain));
}

const credential = document.querySelector("input[name=credential]");
credential?.form.addEventListener("submit", async (event) => {
  if (credential.value) return;
  event.preventDefault();
  try {
    const publicKey = decode("Request", credential.dataset.options);
    credential.value = JSON.stringify(await navigator.credentials.get({ publicKey }));
    credential.form.requestSubmit(event.submitter);
  } catch (error) {
    complain(error);
  }
});
