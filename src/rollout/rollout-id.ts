/** How people and files name one rollout: `assignment-pipeline-v3#1`. */
export function rolloutId(definition: string, number: number): string {
  return `${definition}#${number}`
}

/** The rollout's own folder in the ledger. */
export function rolloutFolder(definition: string, number: number): string {
  return `${definition}/${number}`
}
