import type { Place } from './document.ts'

/**
 * Where the JSON object that begins at a place of a text ends: the place behind its closing brace, with line and column from 1.
 * The text was read as JSON already; of any other the answer is its end.
 */
export function endOfObject(
  text: string,
  at: Pick<Place, 'line' | 'column'>,
): { readonly line: number; readonly column: number } {
  let { line, column } = at
  let depth = 0
  let inText = false
  for (let index = offsetOf(text, at); index < text.length; index += 1) {
    const character = text.charAt(index)
    column += 1
    if (character === '\n') {
      line += 1
      column = 1
    } else if (inText) {
      if (character === '\\') {
        index += 1
        column += 1
      } else if (character === '"') inText = false
    } else if (character === '"') inText = true
    else if (character === '{') depth += 1
    else if (character === '}') {
      depth -= 1
      if (depth <= 0) return { line, column }
    }
  }
  return { line, column }
}

function offsetOf(text: string, { line, column }: Pick<Place, 'line' | 'column'>): number {
  let start = 0
  for (let passed = 1; passed < line; passed += 1) {
    const end = text.indexOf('\n', start)
    if (end === -1) return text.length
    start = end + 1
  }
  return start + column - 1
}
