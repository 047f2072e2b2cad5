import { productionOnly } from '../operations/outside.ts'
import { testMatrix } from './matrix.ts'
import { openRollback } from './rollback.ts'

await testMatrix({
  name: 'rollback of production',
  open: () => openRollback({ edit: productionOnly })
})
