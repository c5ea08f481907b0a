// The field for the picture of a person or a room: choose, cut out, remove.

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { formatOf, refusalOf } from "../choosing.js";
import { t } from "../i18n.js";
import { icon, styled, wordsOf } from "../pieces.js";

// `upload(file)` brings it to the server and gives it back with its id; `take(id)` makes it the picture, null for none.
export function createAvatarField({ round, limits, upload, take, changed }) {
  const pictures = Object.values(limits.formats).filter(({ kind }) => kind === "image");
  const accept = pictures.flatMap(({ types, extensions }) => [...types, ...extensions]).join();
  let error = "";
  styled("attach.css").catch(() => {});

  async function choose({ target }) {
    const [file] = target.files;
    target.value = ""; // the same file can be chosen again
    if (!file) return;
    const picture = formatOf(file, limits)?.kind === "image";
    error = picture ? refusalOf(file, limits) : t("Files of this kind cannot be sent here.");
    changed();
    if (!error) await crop(file);
  }

  async function crop(file) {
    try {
      const { openCropper } = await import("./crop.js");
      await openCropper({ file, round, save });
    } catch {
      error = t("This browser cannot open the picture. Choose another one, as PNG or JPEG.");
      changed();
    }
  }

  async function remove() {
    error = "";
    try {
      await take(null);
    } catch (refusal) {
      error = wordsOf(refusal);
      changed();
    }
  }

  async function save(blob) {
    const name = `avatar.${blob.type.split("/")[1]}`;
    const { id } = await upload(blob, { name, type: blob.type });
    await take(id);
  }

  // `current` is the id of the picture of now.
  return (current) => html`<div class="avatar-field">
    <div class="avatar-field__buttons">
      <button class="button button--small" type="button" data-choose-avatar @click=${({ currentTarget }) => currentTarget.nextElementSibling.click()}>
        ${icon("image")}${current ? t("Another picture") : t("Choose a picture")}
      </button>
      <input type="file" hidden data-avatar-file accept=${accept} @change=${choose} />
      ${current ? html`<button class="button button--small" type="button" data-no-avatar @click=${remove}>${icon("trash-2")}${t("Remove the picture")}</button>` : nothing}
    </div>
    ${error ? html`<p class="field__error" role="alert" data-avatar-error>${error}</p>` : nothing}
  </div>`;
}
