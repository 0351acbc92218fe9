// Pictures of products are fetched from the shops, which then see the visit. They are off until the
// person switches them on; the program lets them through at ?pictures=1 only.
const kName = 'cartpilot-pictures';
const kQuery = '?pictures=1';

/// Whether the page was loaded with pictures.
export const picturesAreOn = () => location.search === kQuery;

function load(on) {
  location.replace(`/${on ? kQuery : ''}${location.hash}`);
}

/// Loads the page again when its address is not what the person chose. An address in a link of
/// somebody else switches nothing on. Returns whether the page is leaving.
export function obeyChoice() {
  const chosen = localStorage.getItem(kName) === '1';
  if ((location.search === '' || picturesAreOn()) && chosen === picturesAreOn()) return false;
  load(chosen);
  return true;
}

export function setPictures(on) {
  if (on === picturesAreOn()) return;
  localStorage.setItem(kName, on ? '1' : '0');
  load(on);
}
