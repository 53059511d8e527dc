// Label Studio saves a draft five seconds after a change, and a reload before that loses the change: here it is
// saved as soon as the hand rests.
(() => {
  "use strict";

  const REST = 600; // milliseconds

  let waiting;
  const save = () => {
    clearTimeout(waiting);
    // It saves what waits to be saved, and otherwise does nothing.
    waiting = setTimeout(() => window.Htx?.annotationStore?.selected?.saveDraftImmediately?.(), REST);
  };
  document.addEventListener("keyup", save);
  document.addEventListener("mouseup", save);
})();
