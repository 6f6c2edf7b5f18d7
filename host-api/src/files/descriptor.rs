//! The host side of `wasi:filesystem` over scratch files.
//!
//! The bindings name a type of their own for descriptors; here their numbers stand for [`Open`].

use std::sync::Arc;

use wasmtime::component::{HasData, Linker, Resource, ResourceTable};
use wasmtime_wasi::p2::bindings::filesystem::types::{
    Advice, Descriptor, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry,
    DirectoryEntryStream, ErrorCode, MetadataHashValue, NewTimestamp, OpenFlags, PathFlags,
};
use wasmtime_wasi::p2::bindings::filesystem::{preopens, types};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, FsError, FsResult};

use super::path::Place;
use super::stream::{Reader, Writer};
use super::tree::{Directory, File, Full, Node, Scratch};

/// What one call reads at most.
const MAX_READ_BYTES: u64 = 1 << 20;

/// The path at which the scratch directory stands.
const ROOT: &str = "/";

/// Borrows what the host functions work on.
pub struct FilesView<'a> {
    /// The attempt's files; `None` without the grant.
    pub scratch: Option<&'a Scratch>,
    /// The guest's handles.
    pub table: &'a mut ResourceTable,
}

/// Names [`FilesView`] to the linker.
#[derive(Debug)]
pub struct ScratchFiles;

impl HasData for ScratchFiles {
    type Data<'a> = FilesView<'a>;
}

/// Puts `wasi:filesystem` into `linker`, in the place of whatever is there.
///
/// # Errors
/// If the linker does not allow that.
pub fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> FilesView<'_>,
) -> wasmtime::Result<()> {
    types::add_to_linker::<T, ScratchFiles>(linker, view)?;
    preopens::add_to_linker::<T, ScratchFiles>(linker, view)
}

/// A node that a guest holds open.
struct Open {
    node: Node,
    flags: DescriptorFlags,
}

/// What a directory held when it was asked.
struct Listing(std::vec::IntoIter<DirectoryEntry>);

fn full(full: Full) -> FsError {
    FsError::trap(wasmtime::Error::from(full))
}

impl FilesView<'_> {
    fn open(&mut self, node: Node, flags: DescriptorFlags) -> FsResult<Resource<Descriptor>> {
        let open = self.table.push(Open { node, flags })?;
        Ok(Resource::new_own(open.rep()))
    }

    fn get(&self, descriptor: &Resource<Descriptor>) -> wasmtime::Result<&Open> {
        let open = Resource::<Open>::new_borrow(descriptor.rep());
        Ok(self.table.get(&open)?)
    }

    fn node(&self, descriptor: &Resource<Descriptor>) -> FsResult<Node> {
        let open = self.get(descriptor).map_err(FsError::trap)?;
        Ok(open.node.clone())
    }

    fn directory(&self, descriptor: &Resource<Descriptor>) -> FsResult<Arc<Directory>> {
        match self.node(descriptor)? {
            Node::Directory(directory) => Ok(directory),
            Node::File(_) => Err(ErrorCode::NotDirectory.into()),
        }
    }

    /// Returns a file that was opened with `needs`.
    fn file(
        &self,
        descriptor: &Resource<Descriptor>,
        needs: DescriptorFlags,
    ) -> FsResult<Arc<File>> {
        let open = self.get(descriptor).map_err(FsError::trap)?;
        match &open.node {
            Node::Directory(_) => Err(ErrorCode::IsDirectory.into()),
            Node::File(_) if !open.flags.contains(needs) => Err(ErrorCode::NotPermitted.into()),
            Node::File(file) => Ok(Arc::clone(file)),
        }
    }

    fn place(&self, descriptor: &Resource<Descriptor>, path: &str) -> FsResult<Place> {
        Ok(Place::find(&self.directory(descriptor)?, path)?)
    }

    fn writer(
        &mut self,
        descriptor: &Resource<Descriptor>,
        offset: Option<u64>,
    ) -> FsResult<Resource<DynOutputStream>> {
        let file = self.file(descriptor, DescriptorFlags::WRITE)?;
        let stream: DynOutputStream = Box::new(Writer { file, offset });
        Ok(self.table.push(stream)?)
    }
}

impl preopens::Host for FilesView<'_> {
    fn get_directories(&mut self) -> wasmtime::Result<Vec<(Resource<Descriptor>, String)>> {
        let Some(scratch) = self.scratch else {
            return Ok(Vec::new());
        };
        let root = Node::Directory(Arc::clone(scratch.root()));
        let flags = DescriptorFlags::READ | DescriptorFlags::MUTATE_DIRECTORY;
        let open = self.table.push(Open { node: root, flags })?;
        Ok(vec![(Resource::new_own(open.rep()), ROOT.to_owned())])
    }
}

impl types::Host for FilesView<'_> {
    fn convert_error_code(&mut self, error: FsError) -> wasmtime::Result<ErrorCode> {
        error.downcast()
    }

    fn filesystem_error_code(
        &mut self,
        error: Resource<wasmtime::Error>,
    ) -> wasmtime::Result<Option<ErrorCode>> {
        self.table.get(&error)?;
        // These streams end or trap; none of their errors comes to a guest.
        Ok(None)
    }
}

impl types::HostDescriptor for FilesView<'_> {
    async fn advise(
        &mut self,
        descriptor: Resource<Descriptor>,
        _: u64,
        _: u64,
        _: Advice,
    ) -> FsResult<()> {
        self.file(&descriptor, DescriptorFlags::empty()).map(drop)
    }

    async fn sync_data(&mut self, _: Resource<Descriptor>) -> FsResult<()> {
        Ok(())
    }

    async fn sync(&mut self, _: Resource<Descriptor>) -> FsResult<()> {
        Ok(())
    }

    async fn get_flags(&mut self, descriptor: Resource<Descriptor>) -> FsResult<DescriptorFlags> {
        let open = self.get(&descriptor).map_err(FsError::trap)?;
        Ok(open.flags)
    }

    async fn get_type(&mut self, descriptor: Resource<Descriptor>) -> FsResult<DescriptorType> {
        Ok(kind(&self.node(&descriptor)?))
    }

    async fn set_size(&mut self, descriptor: Resource<Descriptor>, size: u64) -> FsResult<()> {
        let file = self.file(&descriptor, DescriptorFlags::WRITE)?;
        file.set_len(size).map_err(full)
    }

    async fn set_times(
        &mut self,
        _: Resource<Descriptor>,
        _: NewTimestamp,
        _: NewTimestamp,
    ) -> FsResult<()> {
        Ok(())
    }

    async fn read(
        &mut self,
        descriptor: Resource<Descriptor>,
        length: u64,
        offset: u64,
    ) -> FsResult<(Vec<u8>, bool)> {
        let file = self.file(&descriptor, DescriptorFlags::READ)?;
        let most = usize::try_from(length.min(MAX_READ_BYTES)).unwrap_or(0);
        let read = file.read(offset, most);
        let is_end = read.is_empty();
        Ok((read, is_end))
    }

    async fn write(
        &mut self,
        descriptor: Resource<Descriptor>,
        bytes: Vec<u8>,
        offset: u64,
    ) -> FsResult<u64> {
        let file = self.file(&descriptor, DescriptorFlags::WRITE)?;
        file.write(offset, &bytes).map_err(full)?;
        Ok(bytes.len() as u64)
    }

    async fn read_directory(
        &mut self,
        descriptor: Resource<Descriptor>,
    ) -> FsResult<Resource<DirectoryEntryStream>> {
        let entries = self.directory(&descriptor)?.list().into_iter();
        let entries = entries.map(|(name, node)| DirectoryEntry {
            type_: kind(&node),
            name,
        });
        let listing = Listing(entries.collect::<Vec<_>>().into_iter());
        let pushed = self.table.push(listing)?;
        Ok(Resource::new_own(pushed.rep()))
    }

    async fn create_directory_at(
        &mut self,
        descriptor: Resource<Descriptor>,
        path: String,
    ) -> FsResult<()> {
        let place = self.place(&descriptor, &path)?;
        if place.node().is_ok() {
            return Err(ErrorCode::Exist.into());
        }
        let (parent, name) = place.name()?;
        let directory = parent.new_directory().map_err(full)?;
        parent.insert(name, Node::Directory(directory));
        Ok(())
    }

    async fn stat(&mut self, descriptor: Resource<Descriptor>) -> FsResult<DescriptorStat> {
        Ok(stat(&self.node(&descriptor)?))
    }

    async fn stat_at(
        &mut self,
        descriptor: Resource<Descriptor>,
        _: PathFlags,
        path: String,
    ) -> FsResult<DescriptorStat> {
        Ok(stat(&self.place(&descriptor, &path)?.node()?))
    }

    async fn set_times_at(
        &mut self,
        descriptor: Resource<Descriptor>,
        _: PathFlags,
        path: String,
        _: NewTimestamp,
        _: NewTimestamp,
    ) -> FsResult<()> {
        self.place(&descriptor, &path)?.node()?;
        Ok(())
    }

    async fn link_at(
        &mut self,
        _: Resource<Descriptor>,
        _: PathFlags,
        _: String,
        _: Resource<Descriptor>,
        _: String,
    ) -> FsResult<()> {
        Err(ErrorCode::Unsupported.into())
    }

    async fn open_at(
        &mut self,
        descriptor: Resource<Descriptor>,
        _: PathFlags,
        path: String,
        how: OpenFlags,
        flags: DescriptorFlags,
    ) -> FsResult<Resource<Descriptor>> {
        let place = self.place(&descriptor, &path)?;
        let node = match place.node() {
            Ok(_) if how.contains(OpenFlags::CREATE | OpenFlags::EXCLUSIVE) => {
                return Err(ErrorCode::Exist.into());
            }
            Ok(Node::File(_)) if how.contains(OpenFlags::DIRECTORY) => {
                return Err(ErrorCode::NotDirectory.into());
            }
            Ok(Node::Directory(_)) if flags.contains(DescriptorFlags::WRITE) => {
                return Err(ErrorCode::IsDirectory.into());
            }
            Ok(node) => node,
            Err(ErrorCode::NoEntry) if how.contains(OpenFlags::CREATE) => create(place)?,
            Err(error) => return Err(error.into()),
        };
        if let Node::File(file) = &node
            && how.contains(OpenFlags::TRUNCATE)
        {
            if !flags.contains(DescriptorFlags::WRITE) {
                return Err(ErrorCode::Invalid.into());
            }
            file.set_len(0).map_err(full)?;
        }
        self.open(node, flags)
    }

    fn drop(&mut self, descriptor: Resource<Descriptor>) -> wasmtime::Result<()> {
        let open = Resource::<Open>::new_own(descriptor.rep());
        drop(self.table.delete(open)?);
        Ok(())
    }

    async fn readlink_at(&mut self, _: Resource<Descriptor>, _: String) -> FsResult<String> {
        Err(ErrorCode::Invalid.into())
    }

    async fn remove_directory_at(
        &mut self,
        descriptor: Resource<Descriptor>,
        path: String,
    ) -> FsResult<()> {
        let place = self.place(&descriptor, &path)?;
        match place.node()? {
            Node::File(_) => return Err(ErrorCode::NotDirectory.into()),
            Node::Directory(directory) if !directory.is_empty() => {
                return Err(ErrorCode::NotEmpty.into());
            }
            Node::Directory(_) => {}
        }
        let (parent, name) = place.name()?;
        parent.remove(&name);
        Ok(())
    }

    async fn rename_at(
        &mut self,
        descriptor: Resource<Descriptor>,
        from: String,
        target: Resource<Descriptor>,
        to: String,
    ) -> FsResult<()> {
        let (parent, from) = self.place(&descriptor, &from)?.name()?;
        let (target, to) = self.place(&target, &to)?.name()?;
        Ok(parent.rename(&from, &target, &to)?)
    }

    async fn symlink_at(&mut self, _: Resource<Descriptor>, _: String, _: String) -> FsResult<()> {
        Err(ErrorCode::Unsupported.into())
    }

    async fn unlink_file_at(
        &mut self,
        descriptor: Resource<Descriptor>,
        path: String,
    ) -> FsResult<()> {
        let place = self.place(&descriptor, &path)?;
        if let Node::Directory(_) = place.node()? {
            return Err(ErrorCode::IsDirectory.into());
        }
        let (parent, name) = place.name()?;
        parent.remove(&name);
        Ok(())
    }

    fn read_via_stream(
        &mut self,
        descriptor: Resource<Descriptor>,
        offset: u64,
    ) -> FsResult<Resource<DynInputStream>> {
        let file = self.file(&descriptor, DescriptorFlags::READ)?;
        let stream: DynInputStream = Box::new(Reader { file, offset });
        Ok(self.table.push(stream)?)
    }

    fn write_via_stream(
        &mut self,
        descriptor: Resource<Descriptor>,
        offset: u64,
    ) -> FsResult<Resource<DynOutputStream>> {
        self.writer(&descriptor, Some(offset))
    }

    fn append_via_stream(
        &mut self,
        descriptor: Resource<Descriptor>,
    ) -> FsResult<Resource<DynOutputStream>> {
        self.writer(&descriptor, None)
    }

    async fn is_same_object(
        &mut self,
        a: Resource<Descriptor>,
        b: Resource<Descriptor>,
    ) -> wasmtime::Result<bool> {
        Ok(self.get(&a)?.node.id() == self.get(&b)?.node.id())
    }

    async fn metadata_hash(
        &mut self,
        descriptor: Resource<Descriptor>,
    ) -> FsResult<MetadataHashValue> {
        Ok(hash(&self.node(&descriptor)?))
    }

    async fn metadata_hash_at(
        &mut self,
        descriptor: Resource<Descriptor>,
        _: PathFlags,
        path: String,
    ) -> FsResult<MetadataHashValue> {
        Ok(hash(&self.place(&descriptor, &path)?.node()?))
    }
}

impl types::HostDirectoryEntryStream for FilesView<'_> {
    async fn read_directory_entry(
        &mut self,
        stream: Resource<DirectoryEntryStream>,
    ) -> FsResult<Option<DirectoryEntry>> {
        let listing = Resource::<Listing>::new_borrow(stream.rep());
        Ok(self.table.get_mut(&listing)?.0.next())
    }

    fn drop(&mut self, stream: Resource<DirectoryEntryStream>) -> wasmtime::Result<()> {
        let listing = Resource::<Listing>::new_own(stream.rep());
        drop(self.table.delete(listing)?);
        Ok(())
    }
}

/// Makes a file where a path ends.
fn create(place: Place) -> FsResult<Node> {
    if let Place::Name {
        is_directory: true, ..
    } = place
    {
        return Err(ErrorCode::IsDirectory.into());
    }
    let (parent, name) = place.name()?;
    let file = Node::File(parent.new_file().map_err(full)?);
    parent.insert(name, file.clone());
    Ok(file)
}

fn kind(node: &Node) -> DescriptorType {
    match node {
        Node::File(_) => DescriptorType::RegularFile,
        Node::Directory(_) => DescriptorType::Directory,
    }
}

fn stat(node: &Node) -> DescriptorStat {
    DescriptorStat {
        type_: kind(node),
        link_count: 1,
        size: match node {
            Node::File(file) => file.len(),
            Node::Directory(_) => 0,
        },
        data_access_timestamp: None,
        data_modification_timestamp: None,
        status_change_timestamp: None,
    }
}

fn hash(node: &Node) -> MetadataHashValue {
    MetadataHashValue {
        lower: node.id(),
        upper: 0,
    }
}
