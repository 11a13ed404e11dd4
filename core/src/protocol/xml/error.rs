//! What a document did wrong.

use quick_xml::errors::{Error, IllFormedError, SyntaxError};

/// A document broke a rule of XML 1.0, of Namespaces in XML 1.0, or one of our bounds.
///
/// One variant a rule. The number is the offset in the input, in bytes, of the markup or text in which the rule was
/// broken. No variant holds text of the document: it may be a security token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum XmlError {
    /// The input has more bytes than the reader takes.
    #[error("the document is longer than {0} bytes")]
    TooLarge(usize),
    /// The input is not UTF-8.
    #[error("the document is not utf-8 at byte {0}")]
    NotUtf8(usize),
    /// The XML declaration names an encoding other than UTF-8.
    #[error("the xml declaration names an encoding other than utf-8 at byte {0}")]
    Encoding(usize),
    /// The XML declaration is malformed, of a version other than 1.0, or not at the very start.
    #[error("malformed or misplaced xml declaration at byte {0}")]
    Declaration(usize),
    /// There is a document type declaration.
    #[error("document type declaration at byte {0}")]
    Doctype(usize),
    /// There is a processing instruction.
    #[error("processing instruction at byte {0}")]
    ProcessingInstruction(usize),
    /// A reference is malformed, or to an undeclared entity, or to a character that XML does not allow.
    #[error("malformed or undeclared reference at byte {0}")]
    Reference(usize),
    /// There is a character that XML 1.0 does not allow.
    #[error("character that xml does not allow at byte {0}")]
    Character(usize),
    /// Markup is malformed or not closed.
    #[error("malformed markup at byte {0}")]
    Markup(usize),
    /// The name of an element or attribute is not a qualified name.
    #[error("malformed name at byte {0}")]
    Name(usize),
    /// A prefix is not declared.
    #[error("undeclared namespace prefix at byte {0}")]
    Prefix(usize),
    /// A declaration misuses `xml`, `xmlns` or their namespaces, or undeclares a prefix; or one of the two prefixes
    /// is on a name where it has no meaning.
    #[error("reserved prefix or namespace misused at byte {0}")]
    Reserved(usize),
    /// An element has two attributes with one expanded name, or declares a prefix twice.
    #[error("duplicate attribute at byte {0}")]
    DuplicateAttribute(usize),
    /// An attribute is malformed: no white space before it, no value, no quotes, or `<` in its value.
    #[error("malformed attribute at byte {0}")]
    Attribute(usize),
    /// `]]>` stands in text.
    #[error("end of a cdata section in text at byte {0}")]
    CdataEnd(usize),
    /// `--` stands in a comment.
    #[error("double hyphen in a comment at byte {0}")]
    Comment(usize),
    /// An end tag does not match the start tag.
    #[error("unexpected end tag at byte {0}")]
    EndTag(usize),
    /// The document ends inside an element.
    #[error("the document ends at byte {0} inside an element")]
    Unclosed(usize),
    /// There is something else than white space and comments outside the root element, or a second root.
    #[error("content outside the root element at byte {0}")]
    OutsideRoot(usize),
    /// There is no root element.
    #[error("the document has no root element")]
    NoRoot,
    /// Elements are nested too deeply.
    #[error("elements nested too deeply at byte {0}")]
    TooDeep(usize),
    /// An element has too many attributes.
    #[error("too many attributes at byte {0}")]
    TooManyAttributes(usize),
    /// Too many namespace declarations are in scope.
    #[error("too many namespace declarations at byte {0}")]
    TooManyNamespaces(usize),
    /// The document has too many nodes: elements, attributes, texts, comments.
    #[error("too many nodes at byte {0}")]
    TooManyNodes(usize),
}

impl XmlError {
    /// quick-xml's errors carry text of the document: only their kind goes on.
    #[cold]
    pub(super) fn of(error: &Error, at: usize) -> Self {
        match error {
            Error::Syntax(SyntaxError::UnclosedDoctype) => Self::Doctype(at),
            Error::IllFormed(IllFormedError::MissingDoctypeName) => Self::Doctype(at),
            Error::IllFormed(
                IllFormedError::UnmatchedEndTag(_) | IllFormedError::MismatchedEndTag { .. },
            ) => Self::EndTag(at),
            Error::IllFormed(IllFormedError::UnclosedReference) => Self::Reference(at),
            _ => Self::Markup(at),
        }
    }
}
