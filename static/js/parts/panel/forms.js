// What the sections share: fields with the server's answer beside them, choices that hold at once.

import { html, nothing } from "../../../vendor/lit-html/lit-html.js";
import { t } from "../../i18n.js";
import { icon, wordsOf } from "../../pieces.js";

export function createForms({ changed, ended }) {
  let errors = {}; // field or form → what the server said
  let done = null; // the form that has just been saved
  const busy = new Set(); // forms that are being saved

  function clear() {
    errors = {};
    done = null;
    busy.clear();
  }

  // Ask the server for something in the name of a form; its refusal is shown beside the field it is about. One form after the
  // other, but `always` for what does not wait.
  async function attempt(form, ask, { always = false } = {}) {
    if (busy.size && !always) return null;
    errors = {};
    done = null;
    busy.add(form);
    changed();
    try {
      const answer = await ask();
      done = form;
      return answer;
    } catch (refusal) {
      if (refusal.endsSession) ended(refusal);
      errors[refusal.field ?? form] = wordsOf(refusal);
      focusField(refusal.field);
      return null;
    } finally {
      busy.delete(form);
      changed();
    }
  }

  function focusField(name) {
    if (name) requestAnimationFrame(() => document.querySelector(`dialog[open] [data-field="${name}"]`)?.focus());
  }

  function field({ name, label, value = "", type = "text", hint = "", autocomplete = "off", maxlength = nothing, input = null }) {
    const error = errors[name];
    const note = error ? `${name}-error` : hint ? `${name}-hint` : nothing;
    const attributes = { name, type, value, autocomplete, maxlength, input, note, wrong: Boolean(error) };
    return html`<div class="field">
      <label for=${`panel-${name}`}>${label}</label>
      <div class="field__box">${type === "lines" ? lines(attributes) : line(attributes)}${type === "password" ? reveal(name) : nothing}</div>
      ${error ? html`<p class="field__error" id=${note} role="alert">${error}</p>` : nothing}
      ${!error && hint ? html`<p class="field__hint" id=${note}>${hint}</p>` : nothing}
    </div>`;
  }

  function choice({ name, label, options, value, chosen, hint = "" }) {
    return html`<fieldset class="choice" data-field=${name}>
      <legend>${label}</legend>
      <div class="choice__options">
        ${options.map(([option, words, drawing = nothing]) => html`<label class="choice__one">
          <input type="radio" name=${`panel-${name}`} value=${option} .checked=${value === option} @change=${() => chosen(option)} />
          <span>${drawing}${words}</span>
        </label>`)}
      </div>
      ${hint ? html`<p class="field__hint">${hint}</p>` : nothing}
      ${errors[name] ? html`<p class="field__error" role="alert">${errors[name]}</p>` : nothing}
    </fieldset>`;
  }

  // One thing that is so or not.
  function check({ name, label, value, chosen, hint = "" }) {
    const note = hint ? `${name}-hint` : nothing;
    return html`<div class="field check">
      <label class="check__one"
        ><input type="checkbox" data-field=${name} name=${name} .checked=${value} aria-describedby=${note} @change=${({ target }) => chosen(target.checked)} />
        <span>${label}</span></label
      >
      ${hint ? html`<p class="field__hint" id=${note}>${hint}</p>` : nothing}
      ${errors[name] ? html`<p class="field__error" role="alert">${errors[name]}</p>` : nothing}
    </div>`;
  }

  // One of many, in the browser's own list. `options` are [value, words].
  function select({ name, label, options, value, chosen, hint = "" }) {
    const note = errors[name] || hint ? `${name}-hint` : nothing;
    return html`<div class="field">
      <label for=${`panel-${name}`}>${label}</label>
      <div class="field__box">
        <select id=${`panel-${name}`} data-field=${name} name=${name} aria-describedby=${note} aria-invalid=${errors[name] ? "true" : nothing}
          @change=${({ target }) => chosen(options[target.selectedIndex][0])}>
          ${options.map(([option, words]) => html`<option value=${option ?? ""} .selected=${option === value}>${words}</option>`)}
        </select>
      </div>
      ${errors[name] ? html`<p class="field__error" id=${note} role="alert">${errors[name]}</p>` : hint ? html`<p class="field__hint" id=${note}>${hint}</p>` : nothing}
    </div>`;
  }

  // The foot of a form: its button, and how it went.
  function save(form, words = t("Save"), { danger = false } = {}) {
    return html`${errors[form] ? html`<p class="form__error" role="alert">${errors[form]}</p>` : nothing}
      <div class="panel__save">
        <button class=${`button button--main${danger ? " button--danger" : ""}`} data-save=${form} aria-disabled=${busy.has(form)}>${words}</button>
        <p class="panel__done" role="status">${done === form ? html`${icon("check")}${t("Saved")}` : nothing}</p>
      </div>`;
  }

  return { attempt, check, choice, clear, field, save, select, errorOf: (name) => errors[name] };
}

// How strong a password is, 1 to 4.
export function meter(score) {
  const words = [t("Easy to guess"), t("Could be stronger"), t("Good"), t("Strong")];
  return html`<div class="meter" data-score=${score}>
    <span class="meter__bar" aria-hidden="true"><span></span><span></span><span></span><span></span></span>
    <span class="meter__words" role="status">${words[score - 1]}</span>
  </div>`;
}

function line({ name, type, value, autocomplete, maxlength, input, note, wrong }) {
  return html`<input id=${`panel-${name}`} data-field=${name} name=${name} type=${type} .value=${value} autocomplete=${autocomplete}
    maxlength=${maxlength} dir="auto" spellcheck="false" aria-invalid=${wrong ? "true" : nothing} aria-describedby=${note} @input=${input} />`;
}

function lines({ name, value, maxlength, note, wrong }) {
  return html`<textarea id=${`panel-${name}`} data-field=${name} name=${name} .value=${value} rows="3" maxlength=${maxlength} dir="auto"
    aria-invalid=${wrong ? "true" : nothing} aria-describedby=${note}></textarea>`;
}

function reveal(name) {
  return html`<button class="button button--icon" type="button" data-reveal=${`panel-${name}`} aria-pressed="false"
    aria-label=${t("Show password")} title=${t("Show password")} @click=${toggle}>${icon("eye")}${icon("eye-off")}</button>`;
}

function toggle({ currentTarget: button }) {
  const field = document.getElementById(button.dataset.reveal);
  const shown = field.type === "text";
  field.type = shown ? "password" : "text";
  button.setAttribute("aria-pressed", String(!shown));
}
