import fc from 'fast-check'

/** Built so that nobody takes it for a template of ours. */
export const EXPRESSION = `${'$'}{{ secrets.TOKEN }}`

/** Text out of the pieces that break pages. */
export const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '|',
        '\\|',
        '`',
        '```',
        '<',
        '</details>',
        '<script>',
        '<!--',
        '-->',
        '\n',
        '\r'
      ),
      fc.constantFrom('::set-output name=x::', EXPRESSION, '\u202e', '\u2028', '[a](b)', '$x$'),
      fc.string({ unit: 'binary' })
    )
  )
  .map(parts => parts.join(''))
