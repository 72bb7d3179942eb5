// A classic script, so that it runs before the first paint: a stored theme must not flash in the other one.
// It repeats the two lines of shell/theme.ts that matter; a module would come too late.
;(function () {
  var choice = null
  try {
    choice = localStorage.getItem('weft.theme')
  } catch {}
  var dark = choice === 'dark' || (choice !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.classList.toggle('dark', dark)
})()
