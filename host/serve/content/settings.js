// The settings: pictures of products, and the tokens that programs use.
import * as api from './api.js';
import * as dialogs from './dialogs.js';
import {clean, make, part, put, timeText} from './dom.js';
import {picturesAreOn, setPictures} from './pictures.js';

function tokenRow(token, reload) {
  const used = token.last_used_unix_ms ? `last used ${timeText(token.last_used_unix_ms)}`
                                       : 'not used yet';
  const revoke = async () => {
    try {
      await api.remove(`/api/tokens/${encodeURIComponent(token.id)}`);
    } catch (error) {
      put(part('token-problem'), error.message);
    }
    await reload();
    part('token-name').focus();
  };
  const name = clean(token.name);
  return make('li', {},
    make('span', {}, make('strong', {}, name),
         make('span', {class: 'quiet'}, ` made ${timeText(token.created_unix_ms)}, ${used}`)),
    make('button', {type: 'button', 'aria-label': `Revoke ${name}`, onclick: revoke}, 'Revoke'));
}

async function showTokens() {
  try {
    const {tokens} = await api.get('/api/tokens');
    part('tokens').replaceChildren(...tokens.map((token) => tokenRow(token, showTokens)));
  } catch (error) {
    put(part('token-problem'), error.message);
  }
}

async function makeToken() {
  const name = part('token-name').value.trim();
  put(part('token-problem'), name === '' ? 'Type a name for the token.' : '');
  if (name === '') return part('token-name').focus();
  try {
    const {token} = await api.post('/api/tokens', {name});
    part('token-name').value = '';
    part('token-text').value = token;
    part('token-made').hidden = false;
    put(part('token-hint'), 'Copy the token now. It is not shown again.');
    part('token-text').focus();
    part('token-text').select();
  } catch (error) {
    return put(part('token-problem'), error.message);
  }
  await showTokens();
}

async function copyToken() {
  part('token-text').select();
  try {
    await navigator.clipboard.writeText(part('token-text').value);
    put(part('token-hint'), 'Copied. It is not shown again.');
  } catch {
    put(part('token-hint'), 'Copy the marked text with Ctrl+C.');
  }
}

export function prepareSettings() {
  const dialog = part('settings-dialog');
  dialogs.prepare(dialog, async () => {
    await makeToken();
    return false;
  });
  part('settings-button').addEventListener('click', () => {
    part('pictures').checked = picturesAreOn();
    dialogs.show(dialog);
    showTokens();
  });
  part('token-copy').addEventListener('click', copyToken);
  dialog.addEventListener('close', () => {
    part('token-text').value = '';
    put(part('token-hint'), '');
    part('token-made').hidden = true;
    setPictures(part('pictures').checked);
  });
}
