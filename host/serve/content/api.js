// Requests to the program. The key proves that a script of this page's own origin sends them.
const kKeyName = 'cartpilot-page-key';
const kTimeoutMs = 30000;

let key = localStorage.getItem(kKeyName) ?? '';
let atUnpaired = () => {};

/// What the program refused, or status 0 when it did not answer.
export class ApiError extends Error {
  constructor(status, body, retryAfterMs = 0) {
    super(body.message || `The program answered with status ${status}.`);
    this.status = status;
    this.code = body.code ?? '';
    this.retryAfterMs = retryAfterMs;
  }
}

const kGone = {message: 'The program does not answer. It may have ended.', code: 'gone'};

/// `callback` is called when the program does not know this browser.
export function onUnpaired(callback) {
  atUnpaired = callback;
}

/// Calls back when another tab has paired this browser.
export function onPairedElsewhere(callback) {
  window.addEventListener('storage', (event) => {
    if (event.key !== kKeyName || !event.newValue) return;
    key = event.newValue;
    callback();
  });
}

async function failure(answer) {
  const body = await answer.json().catch(() => ({}));
  const seconds = Number(answer.headers.get('Retry-After'));
  return new ApiError(answer.status, body, seconds > 0 ? seconds * 1000 : 0);
}

async function attempt(method, path, body, signal) {
  const options = {method, signal, cache: 'no-store', credentials: 'same-origin',
                   redirect: 'error', headers: {'X-Page-Key': key}};
  if (body !== undefined) {
    options.headers['Content-Type'] = 'application/json';
    options.body = JSON.stringify(body);
  }
  try {
    return await fetch(path, options);
  } catch (error) {
    if (signal?.aborted && signal.reason?.name !== 'TimeoutError') throw error;
    throw new ApiError(0, kGone);
  }
}

/// The raw answer of a request that succeeded. Throws ApiError.
export async function open(method, path, body, signal) {
  let answer = await attempt(method, path, body, signal);
  if (answer.status === 401) {
    const error = await failure(answer);
    if (error.code !== 'stale_key' || !await renewKey()) {
      atUnpaired();
      throw error;
    }
    answer = await attempt(method, path, body, signal);
  }
  if (!answer.ok) throw await failure(answer);
  return answer;
}

async function call(method, path, body) {
  const answer = await open(method, path, body, AbortSignal.timeout(kTimeoutMs));
  try {
    return await answer.json();
  } catch {
    throw new ApiError(0, kGone);
  }
}

/// Behind a proxy the program hands out the key to whom the proxy names.
async function renewKey() {
  const answer = await attempt('GET', '/api/me');
  if (!answer.ok) return false;
  const me = await answer.json();
  if (!me.key) return false;
  key = me.key;
  return true;
}

export const get = (path) => call('GET', path);
export const post = (path, body = {}) => call('POST', path, body);
export const patch = (path, body) => call('PATCH', path, body);
export const remove = (path) => call('DELETE', path);

/// Who uses the page, and how.
export async function whoAmI() {
  const me = await get('/api/me');
  if (me.key) key = me.key;
  return me;
}

export async function pair(code) {
  const answer = await post('/api/pair', {code});
  key = answer.key;
  localStorage.setItem(kKeyName, key);
}
