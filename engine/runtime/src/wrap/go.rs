//! Programs compiled by Go: their runtime takes for granted that nobody but itself makes the memory
//! larger, and the adapter for WASI preview 1 does, for the pages it works in. Go's heap would grow
//! over them, and both would read what the other wrote.
//!
//! So the memory begins as large as the heap may become, with the adapter's pages behind it, and
//! what was `memory.grow` counts the pages that the heap may still take.

use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, Function, FunctionSection, GlobalSection, GlobalType,
    Instruction, MemorySection, Module, TypeSection, ValType,
};
use wasmparser::{Operator, Parser};

/// What Go's linker puts first into everything it makes.
pub(super) const MARK: &str = "go:buildid";

/// Bytes of a page.
const PAGE: u64 = 64 << 10;

/// Pages that Go's linker declares beyond the data, where the heap begins.
const SPARE_PAGES: u64 = 16;

/// Pages left for the adapter: its state, its stack, and what it hands over. It asks for two or
/// three.
const ADAPTER_PAGES: u64 = 8;

/// Rewrites a program for a memory of at most `memory_bytes`; one that cannot hold it is left as it
/// is, to be refused for what it declares.
pub(super) fn rewrite(program: &[u8], memory_bytes: u64) -> Result<Vec<u8>, String> {
    let mut rewriter = Rewriter {
        pages: (memory_bytes / PAGE).saturating_sub(ADAPTER_PAGES),
        ..Rewriter::default()
    };
    let mut module = Module::new();
    let parsed = rewriter.parse_core_module(&mut module, Parser::new(0), program);
    parsed.map_err(|error| error.to_string())?;
    Ok(module.finish())
}

/// Copies a module, with one type, one global and one function more.
#[derive(Default)]
struct Rewriter {
    /// What the memory begins with.
    pages: u64,
    /// What the heap may take of it.
    left: i32,
    /// Index of the type of the function that counts.
    counting_type: u32,
    /// Index of that function.
    counting: u32,
    /// Index of the global with the pages left.
    global: u32,
}

type Done = Result<(), Error<std::convert::Infallible>>;

impl Reencode for Rewriter {
    type Error = std::convert::Infallible;

    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: wasmparser::TypeSectionReader<'_>,
    ) -> Done {
        utils::parse_type_section(self, types, section)?;
        self.counting_type = types.len();
        types.ty().function([ValType::I32], [ValType::I32]);
        Ok(())
    }

    fn parse_import_section(
        &mut self,
        imports: &mut wasm_encoder::ImportSection,
        section: wasmparser::ImportSectionReader<'_>,
    ) -> Done {
        utils::parse_import_section(self, imports, section)?;
        // A program of Go imports functions alone.
        self.counting = imports.len();
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: wasmparser::FunctionSectionReader<'_>,
    ) -> Done {
        utils::parse_function_section(self, functions, section)?;
        self.counting += functions.len();
        functions.function(self.counting_type);
        Ok(())
    }

    fn parse_memory_section(
        &mut self,
        memories: &mut MemorySection,
        section: wasmparser::MemorySectionReader<'_>,
    ) -> Done {
        for memory in section {
            let mut memory = utils::memory_type(self, memory?);
            // A page of the data may be begun: the heap starts no later than behind it.
            let data = memory.minimum.saturating_sub(SPARE_PAGES) + 1;
            self.left = i32::try_from(self.pages.saturating_sub(data)).unwrap_or(i32::MAX);
            memory.minimum = memory.minimum.max(self.pages);
            memories.memory(memory);
        }
        Ok(())
    }

    fn parse_global_section(
        &mut self,
        globals: &mut GlobalSection,
        section: wasmparser::GlobalSectionReader<'_>,
    ) -> Done {
        utils::parse_global_section(self, globals, section)?;
        self.global = globals.len();
        let counter = GlobalType {
            val_type: ValType::I32,
            mutable: true,
            shared: false,
        };
        globals.global(counter, &ConstExpr::i32_const(self.left));
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: wasmparser::CodeSectionReader<'_>,
    ) -> Done {
        utils::parse_code_section(self, code, section)?;
        code.function(&self.count());
        Ok(())
    }

    fn instruction<'a>(
        &mut self,
        operator: Operator<'a>,
    ) -> Result<Instruction<'a>, Error<Self::Error>> {
        if matches!(operator, Operator::MemoryGrow { .. }) {
            return Ok(Instruction::Call(self.counting));
        }
        utils::instruction(self, operator)
    }
}

impl Rewriter {
    /// Makes the function that takes what `memory.grow` took: -1 where no more pages are left, else
    /// what Go only looks at the sign of.
    fn count(&self) -> Function {
        let mut count = Function::new([]);
        for instruction in [
            Instruction::LocalGet(0),
            Instruction::GlobalGet(self.global),
            Instruction::I32GtU,
            Instruction::If(BlockType::Empty),
            Instruction::I32Const(-1),
            Instruction::Return,
            Instruction::End,
            Instruction::GlobalGet(self.global),
            Instruction::LocalGet(0),
            Instruction::I32Sub,
            Instruction::GlobalSet(self.global),
            Instruction::MemorySize(0),
            Instruction::End,
        ] {
            count.instruction(&instruction);
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program laid out as Go's linker does: it takes pages until there are none.
    const PROGRAM: &str = r#"(module
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (global (mut i32) (i32.const 0))
        (memory (export "memory") 20)
        (func (export "_start")
            (drop (memory.grow (i32.const 4)))
            (call $exit (i32.const 0))))"#;

    /// Returns the pages that a module declares, after checking that it is valid.
    fn declared(module: &[u8]) -> u64 {
        let checked = wasmparser::Validator::new().validate_all(module);
        checked.unwrap();
        let memory = Parser::new(0).parse_all(module).find_map(|payload| {
            let wasmparser::Payload::MemorySection(section) = payload.unwrap() else {
                return None;
            };
            section.into_iter().next()
        });
        memory.unwrap().unwrap().initial
    }

    #[test]
    fn memory_begins_as_large_as_it_may_become() {
        let program = wat::parse_str(PROGRAM).unwrap();
        let rewritten = rewrite(&program, 4 << 20).unwrap();
        assert_eq!(declared(&rewritten), 64 - ADAPTER_PAGES);
    }

    #[test]
    fn program_that_needs_more_is_left_to_be_refused() {
        let program = wat::parse_str(PROGRAM).unwrap();
        let rewritten = rewrite(&program, 1 << 20).unwrap();
        assert_eq!(declared(&rewritten), 20);
    }
}
