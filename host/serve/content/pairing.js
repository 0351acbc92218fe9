// The form with the code of `cartpilot pair`, for a browser that the program does not know.
import * as api from './api.js';
import {part, put} from './dom.js';

/// `paired` is called when the code was the right one.
export function preparePairing(paired) {
  part('pairing').addEventListener('submit', async (event) => {
    event.preventDefault();
    put(part('pairing-problem'), '');
    try {
      await api.pair(part('pairing-code').value);
    } catch (error) {
      put(part('pairing-problem'), error.message);
      return part('pairing-code').select();
    }
    part('pairing-code').value = '';
    paired();
  });
}

export function showPairing(show) {
  if (part('pairing').hidden !== show) return;
  part('pairing').hidden = !show;
  if (show) part('pairing-code').focus();
}
