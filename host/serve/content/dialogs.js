// Dialogs: Esc and the first button close them, and the focus goes back to where it was.
import {put} from './dom.js';

/// Readies a dialog of the page. `submit` is called when its form is sent; when it throws, what it
/// says stays in the dialog.
export function prepare(dialog, submit) {
  dialog.querySelector('.cancel').addEventListener('click', () => dialog.close());
  dialog.querySelector('form').addEventListener('submit', async (event) => {
    event.preventDefault();
    const problem = dialog.querySelector('.problem');
    put(problem, '');
    try {
      if (await submit() !== false) dialog.close();
    } catch (error) {
      if (error.status === 401) dialog.close();
      put(problem, error.message);
    }
  });
  dialog.addEventListener('close', () => {
    dialog.querySelector('.dialog-alert').textContent = '';
    put(dialog.querySelector('.problem'), '');
  });
}

export function show(dialog) {
  put(dialog.querySelector('.problem'), '');
  if (!dialog.open) dialog.showModal();
}
