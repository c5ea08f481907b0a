// Changes to a text that is being written, in steps that the person can undo.

const FENCE = "```";

// Put `text` where `start` to `end` is. Setting the value would empty the browser's list of undoable steps.
export function replace(box, start, end, text) {
  box.focus();
  box.setSelectionRange(start, end);
  if (document.execCommand(text ? "insertText" : "delete", false, text)) return;
  box.setRangeText(text, start, end, "end");
  box.dispatchEvent(new InputEvent("input", { bubbles: true }));
}

// Put marks around what is selected, or take them away where they are.
export function toggleMark(box, mark) {
  const { value } = box;
  const [start, end] = withoutSpace(value, box.selectionStart, box.selectionEnd);
  const inside = value.slice(start, end);
  if (mark === "`" && inside.includes("\n")) {
    replace(box, start, end, `${FENCE}\n${inside}\n${FENCE}`);
  } else if (isMarked(value, start, end, mark)) {
    replace(box, start - mark.length, end + mark.length, inside);
    box.setSelectionRange(start - mark.length, end - mark.length);
  } else {
    replace(box, start, end, mark + inside + mark);
    box.setSelectionRange(start + mark.length, end + mark.length);
  }
}

// A mark has to touch its word: a double click often selects the space behind it.
function withoutSpace(value, start, end) {
  const selected = value.slice(start, end);
  if (!selected.trim()) return [start, end];
  return [start + selected.length - selected.trimStart().length, end - selected.length + selected.trimEnd().length];
}

function isMarked(value, start, end, mark) {
  return end > start && value.slice(0, start).endsWith(mark) && value.startsWith(mark, end);
}
