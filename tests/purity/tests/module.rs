//! The core imports nothing, and needs nothing that only an operating system has.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::Path;

use entrada_purity::exports::EXPORTS;
use wasmi::{Engine, Instance, Module, Store};
use wasmparser::{ExternalKind, Parser, Payload};

#[test]
fn every_export_ends_as_expected_here_too() {
    for (name, export) in EXPORTS {
        assert_eq!(export(), 1, "{name}");
    }
}

#[test]
fn every_flow_is_exported() -> Result<(), Box<dyn Error>> {
    let flows = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../core/src/flow");
    for file in flows.read_dir()? {
        let path = file?.path();
        let flow = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        assert!(EXPORTS.iter().any(|(name, _)| name.starts_with(flow)), "{flow} is in no export");
    }
    Ok(())
}

#[test]
#[ignore = "needs the module that .ci/wasm builds, as ENTRADA_WASM"]
fn the_module_imports_nothing_and_runs() -> Result<(), Box<dyn Error>> {
    let file = std::env::var("ENTRADA_WASM")?;
    let module = std::fs::read(&file)?;
    let (imports, exports) = sections(&module)?;
    assert_eq!(imports, None::<Vec<String>>, "there is an import section");
    let wanted = EXPORTS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(exports, wanted);

    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    // No imports are given: were one needed, there would be no instance.
    let instance = Instance::new(&mut store, &Module::new(&engine, &module)?, &[])?;
    for (name, _) in EXPORTS {
        let export = instance.get_typed_func::<(), u32>(&store, name)?;
        let end = export.call(&mut store, ()).map_err(|trap| format!("{name}: {trap}"))?;
        assert_eq!(end, 1, "{name}");
        println!("ran: {name}");
    }
    println!("imports: none\nsize: {} bytes", module.len());
    Ok(())
}

/// What a module imports, if it has a section for that, and what it exports.
type Sections = (Option<Vec<String>>, BTreeSet<String>);

/// What the module imports, or `None` where it has no such section; and the functions that it exports.
fn sections(module: &[u8]) -> Result<Sections, Box<dyn Error>> {
    let (mut imports, mut exports) = (None, BTreeSet::new());
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(section) => {
                let names = section
                    .into_iter()
                    .map(|import| import.map(|import| format!("{}.{}", import.module, import.name)));
                imports = Some(names.collect::<Result<_, _>>()?);
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    if export.kind == ExternalKind::Func {
                        exports.insert(export.name.to_owned());
                    }
                }
            }
            _ => {}
        }
    }
    Ok((imports, exports))
}
