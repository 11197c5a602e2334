/** The command with what the resource says of itself, each as one word of a shell: names may be hostile. */
export function fillRemedy(remedy: string, values: Readonly<Record<string, string>>): string {
  return remedy.replaceAll(/\{([a-z]+)\}/g, (written, name: string) => {
    const value = new Map(Object.entries(values)).get(name)
    return value === undefined ? written : shellWord(value)
  })
}

function shellWord(text: string): string {
  return /^[A-Za-z0-9_./:@%+=,-]+$/.test(text)
    ? text
    : `'${text.replaceAll("'", String.raw`'\''`)}'`
}
